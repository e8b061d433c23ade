package dev.holdfast.liveness;

import dev.holdfast.core.annotation.PureCore;
import org.jspecify.annotations.Nullable;

/**
 * The set of pending outputs of a state machine, each at most once, in the order of {@link
 * LivenessOutput}. A superclass and not a field, because one more object per connection makes idle
 * connections expensive. Not thread-safe.
 */
@PureCore
abstract class PendingOutputs {
  private int outputs;

  /** Removes and returns the next output, or null. */
  final @Nullable LivenessOutput poll() {
    if (outputs == 0) {
      return null;
    }
    LivenessOutput first = LivenessOutput.first(outputs);
    outputs &= ~first.bit();
    return first;
  }

  final void emit(LivenessOutput output) {
    outputs |= output.bit();
  }

  /** Clears all outputs that are still pending. */
  final void forgetOutputs() {
    outputs = 0;
  }
}
