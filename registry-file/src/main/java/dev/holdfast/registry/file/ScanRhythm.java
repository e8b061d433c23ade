package dev.holdfast.registry.file;

import dev.holdfast.core.Limit;
import dev.holdfast.core.PureCore;
import java.time.Duration;

/**
 * When to look at a directory again: soon after a reported change, after the poll interval without
 * one.
 *
 * <p>A large directory is looked at less often: polls take at most a twentieth of the time and
 * looks after changes at most a fifth (but no change waits longer than {@link #MAX_EVENT_PAUSE}),
 * while a change of a small one is seen within milliseconds. At most one look is under way. Not
 * thread-safe.
 */
@PureCore
final class ScanRhythm {
  /** Reports that belong together, such as those of a file's replacement, come within this time. */
  @Limit(of = "time that reports of changes are gathered", then = "the directory is read")
  static final Duration GATHERING = Duration.ofMillis(5);

  /** The longest wait after a report, however expensive the last look was. */
  @Limit(
      of = "wait after a report, however long the last look took",
      then = "the directory is read")
  static final Duration MAX_EVENT_PAUSE = Duration.ofSeconds(1);

  private static final int POLL_COST_FACTOR = 19;
  private static final int EVENT_COST_FACTOR = 4;

  private final long pollNanos;
  private boolean looking;
  private boolean changedMeanwhile;
  private long beganNanos;
  private long endedNanos;
  private long costNanos;
  private long deadlineNanos;

  ScanRhythm(Duration poll, long nowNanos) {
    pollNanos = poll.toNanos();
    deadlineNanos = nowNanos;
    endedNanos = nowNanos;
  }

  /** A change was reported. */
  void onChange(long nowNanos) {
    if (looking) {
      changedMeanwhile = true;
      return;
    }
    advanceTo(
        Math.max(
            nowNanos + GATHERING.toNanos() - endedNanos,
            Math.min(MAX_EVENT_PAUSE.toNanos(), costNanos * EVENT_COST_FACTOR)));
  }

  /** Somebody waits: look at once. */
  void onDemand(long nowNanos) {
    if (looking) {
      changedMeanwhile = true;
      return;
    }
    advanceTo(nowNanos - endedNanos);
  }

  /** A look begins. */
  void onBegin(long nowNanos) {
    looking = true;
    changedMeanwhile = false;
    beganNanos = nowNanos;
  }

  /** The look has ended. */
  void onEnd(long nowNanos) {
    end(nowNanos, nowNanos - beganNanos);
  }

  /**
   * The look has failed or was given up: how long that took tells of a file system in trouble and
   * not of a large directory, and whoever waits for the trouble to end wants to know soon.
   */
  void onFailed(long nowNanos) {
    end(nowNanos, 0);
  }

  private void end(long nowNanos, long tookNanos) {
    looking = false;
    costNanos = tookNanos;
    endedNanos = nowNanos;
    deadlineNanos = nowNanos + Math.max(pollNanos, costNanos * POLL_COST_FACTOR);
    if (changedMeanwhile) {
      onChange(nowNanos);
    }
  }

  /** Whether a look is under way. */
  boolean isLooking() {
    return looking;
  }

  /** When the next look is due; it has no meaning while one is under way. */
  long nextDeadlineNanos() {
    return deadlineNanos;
  }

  private void advanceTo(long sinceEndNanos) {
    if (sinceEndNanos < deadlineNanos - endedNanos) {
      deadlineNanos = endedNanos + sinceEndNanos;
    }
  }
}
