package dev.holdfast.bench.liveness;

import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/** The recovery time of a connection after its path was cut, judged by its calls. */
final class Recovery {
  /** A call that waited longer than this was stuck. */
  static final long STUCK_NANOS = TimeUnit.SECONDS.toNanos(2);

  /**
   * A call with its times and its outcome.
   *
   * @param beganNanos when the call began, by {@link System#nanoTime}
   * @param endedNanos when the call was answered or failed; for an open call the time of looking
   */
  record Call(long beganNanos, long endedNanos, RecoveryCallEnd end) {
    boolean isStuck() {
      return endedNanos - beganNanos > STUCK_NANOS;
    }

    private boolean isGood() {
      return end == RecoveryCallEnd.ANSWERED && !isStuck();
    }
  }

  /** The outcome of a call, or none yet. */
  enum RecoveryCallEnd {
    ANSWERED,
    FAILED,
    OPEN
  }

  private Recovery() {}

  /**
   * From the cut to the answer of the first call after the last one that failed or was stuck: from
   * then on calls succeed, and did so for as long as a call may be stuck. Where only some of the
   * calls suffer, less than that proves nothing.
   *
   * @param calls of one connection, in any order; those that began before the cut don't count, nor
   *     those that began too late for it to be known whether they are stuck
   * @return empty when calls did not succeed again
   */
  static OptionalLong afterNanos(List<Call> calls, long cutNanos, long nowNanos) {
    List<Call> since =
        calls.stream()
            .filter(call -> call.beganNanos - cutNanos >= 0)
            .filter(call -> nowNanos - call.beganNanos > STUCK_NANOS)
            .sorted(Comparator.comparingLong(call -> call.beganNanos - cutNanos))
            .toList();
    int first = since.size();
    while (first > 0 && since.get(first - 1).isGood()) {
      first--;
    }
    return first == since.size() || nowNanos - since.get(first).beganNanos <= 2 * STUCK_NANOS
        ? OptionalLong.empty()
        : OptionalLong.of(since.get(first).endedNanos - cutNanos);
  }

  /** The number of stuck calls among those that were in flight at the cut or began later. */
  static long stuck(List<Call> calls, long cutNanos) {
    return calls.stream().filter(call -> call.isStuck() && call.endedNanos - cutNanos > 0).count();
  }
}
