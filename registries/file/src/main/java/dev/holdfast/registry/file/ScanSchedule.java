package dev.holdfast.registry.file;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;

/**
 * The schedule of directory scans: soon after a reported change, and after the poll interval
 * without one.
 *
 * <p>A large directory is scanned less often. Polls take at most a twentieth of the time, and scans
 * after changes at most a fifth. No change waits longer than {@link #MAX_EVENT_PAUSE}; a change of
 * a small directory is seen within milliseconds. At most one scan is under way. Times are monotonic
 * nanoseconds. Not thread-safe.
 */
@PureCore
final class ScanSchedule {
  /** Reports that belong together, such as those of a file's replacement, come within this time. */
  @Limit(of = "time that reports of changes are gathered", then = "the directory is read")
  static final Duration DEBOUNCE = Duration.ofMillis(5);

  /** The longest wait after a report, however expensive the last scan was. */
  @Limit(
      of = "wait after a report, however long the last scan took",
      then = "the directory is read")
  static final Duration MAX_EVENT_PAUSE = Duration.ofSeconds(1);

  private static final int POLL_COST_FACTOR = 19;
  private static final int EVENT_COST_FACTOR = 4;

  private final long pollNanos;
  private boolean scanning;
  private boolean changedMeanwhile;
  private long beganNanos;
  private long endedNanos;
  private long costNanos;
  private long deadlineNanos;

  ScanSchedule(Duration poll, long nowNanos) {
    pollNanos = poll.toNanos();
    deadlineNanos = nowNanos;
    endedNanos = nowNanos;
  }

  /** Records a reported change and advances the next scan; during a scan, another one follows. */
  void onChange(long nowNanos) {
    if (scanning) {
      changedMeanwhile = true;
      return;
    }
    advanceTo(
        Math.max(
            nowNanos + DEBOUNCE.toNanos() - endedNanos,
            Math.min(MAX_EVENT_PAUSE.toNanos(), costNanos * EVENT_COST_FACTOR)));
  }

  /** Makes a scan due at once, because a caller waits for its result. */
  void onDemand(long nowNanos) {
    if (scanning) {
      changedMeanwhile = true;
      return;
    }
    advanceTo(nowNanos - endedNanos);
  }

  /** Records the start of a scan. */
  void onBegin(long nowNanos) {
    scanning = true;
    changedMeanwhile = false;
    beganNanos = nowNanos;
  }

  /** Records the end of a successful scan; its duration sets the pause before the next one. */
  void onEnd(long nowNanos) {
    end(nowNanos, nowNanos - beganNanos);
  }

  /**
   * Records that the scan failed or was abandoned. Its duration is not counted as cost: a failing
   * scan says nothing about the size of the directory, and callers that wait for recovery need the
   * next one soon.
   */
  void onFailed(long nowNanos) {
    end(nowNanos, 0);
  }

  private void end(long nowNanos, long tookNanos) {
    scanning = false;
    costNanos = tookNanos;
    endedNanos = nowNanos;
    deadlineNanos = nowNanos + Math.max(pollNanos, costNanos * POLL_COST_FACTOR);
    if (changedMeanwhile) {
      onChange(nowNanos);
    }
  }

  /** Whether a scan is under way. */
  boolean isScanning() {
    return scanning;
  }

  /**
   * The monotonic time at which the next scan is due, in nanoseconds; undefined while a scan is
   * under way.
   */
  long nextDeadlineNanos() {
    return deadlineNanos;
  }

  private void advanceTo(long sinceEndNanos) {
    if (sinceEndNanos < deadlineNanos - endedNanos) {
      deadlineNanos = endedNanos + sinceEndNanos;
    }
  }
}
