package dev.holdfast.core.discovery;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The schedule of the reads that confirm or refute a doubtful list: when the next read begins, and
 * which answers count.
 *
 * <p>A read begins at once. When it fails or does not answer for a while, another follows after a
 * backoff. A late answer still counts, so a slow registry decides as well. At most {@link
 * #MAX_OUTSTANDING} reads are awaited; older ones are dropped.
 */
@PureCore
final class ConfirmingReads {
  /** More unanswered reads than this are not awaited. */
  @Limit(
      of = "confirming reads of one list under way",
      then = "older ones are no longer waited for")
  static final int MAX_OUTSTANDING = 8;

  /**
   * A read that was begun.
   *
   * @param id names it
   * @param atNanos when it was begun
   * @param snapshots how many snapshots the watch had delivered by then: an answer is news only
   *     when none came since
   */
  record OutstandingRead(long id, long atNanos, long snapshots) {}

  private final Backoff backoff;
  private final long answerWithinNanos;
  private final Map<Long, OutstandingRead> outstanding = new LinkedHashMap<>();
  private long lastId;
  private boolean due;
  private @Nullable Long nextAtNanos;

  ConfirmingReads(Backoff backoff, Duration answerWithin) {
    this.backoff = backoff;
    this.answerWithinNanos = answerWithin.toNanos();
  }

  /** Schedules a read for now. */
  void demand() {
    due = true;
    nextAtNanos = null;
  }

  /** Schedules a read for this time, and none before. */
  void demandAt(long atNanos) {
    due = false;
    nextAtNanos = atNanos;
  }

  /** Schedules a read after the next delay of the backoff. */
  void demandAfterBackoff(long nowNanos) {
    demandAt(nowNanos + backoff.next().toNanos());
  }

  /** No read is wanted, and the answers of those under way don't count any more. */
  void cancel() {
    due = false;
    nextAtNanos = null;
    outstanding.clear();
    backoff.reset();
  }

  /** The id of a read that is to be begun now, if one is. */
  OptionalLong poll(long nowNanos, long snapshots) {
    if (!due) {
      return OptionalLong.empty();
    }
    lastId++;
    outstanding.put(lastId, new OutstandingRead(lastId, nowNanos, snapshots));
    if (outstanding.size() > MAX_OUTSTANDING) {
      outstanding.remove(outstanding.keySet().iterator().next());
    }
    // Silence counts as one more failure, whose delay is added to the patience.
    demandAt(nowNanos + answerWithinNanos + backoff.next().toNanos());
    return OptionalLong.of(lastId);
  }

  /** The read that this is the answer of, or null when it doesn't count any more. */
  @Nullable OutstandingRead answered(long id) {
    OutstandingRead read = outstanding.remove(id);
    if (read != null) {
      backoff.reset();
    }
    return read;
  }

  /** A read failed: the next one need not wait for its silence to end. */
  void failed(long nowNanos, long id) {
    if (outstanding.remove(id) != null && id == lastId && !due) {
      demandAfterBackoff(nowNanos);
    }
  }

  void onTimeout(long nowNanos) {
    if (nextAtNanos != null && nowNanos - nextAtNanos >= 0) {
      demand();
    }
  }

  @Nullable Long nextDeadlineNanos() {
    return nextAtNanos;
  }
}
