package dev.holdfast.liveness;

import dev.holdfast.core.PureCore;
import org.jspecify.annotations.Nullable;

/**
 * What a machine wants done, each thing once, in the order of {@link LivenessOutput}. A superclass,
 * because one more object per connection is what idle connections are expensive by. Not
 * thread-safe.
 */
@PureCore
abstract class PendingOutputs {
  private int outputs;

  /** The next thing to do, or null. */
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

  /** Nothing is to be done any more. */
  final void forgetOutputs() {
    outputs = 0;
  }
}
