package dev.holdfast.core.internal;

import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import java.time.Duration;
import java.util.OptionalLong;

/**
 * The one timer of a pure state machine: set for its next deadline, and set anew only when that is
 * another one. On the scheduler's thread only.
 */
public final class DeadlineTimer {
  private final Scheduler scheduler;
  private final Runnable onDue;
  private Subscription timer = () -> {};
  private OptionalLong setForNanos = OptionalLong.empty();

  /**
   * @param onDue tells the machine that its deadline has come, and arms this timer again
   */
  public DeadlineTimer(Scheduler scheduler, Runnable onDue) {
    this.scheduler = scheduler;
    this.onDue = onDue;
  }

  /** Waits for this deadline instead of the last one; for none when it is empty. */
  public void arm(OptionalLong deadlineNanos) {
    if (deadlineNanos.equals(setForNanos)) {
      return;
    }
    timer.close();
    setForNanos = deadlineNanos;
    if (deadlineNanos.isPresent()) {
      timer =
          scheduler.schedule(
              Duration.ofNanos(deadlineNanos.getAsLong() - scheduler.clock().nanoTime()),
              () -> {
                setForNanos = OptionalLong.empty();
                onDue.run();
              });
    }
  }
}
