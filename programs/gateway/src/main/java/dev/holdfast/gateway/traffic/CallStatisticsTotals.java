package dev.holdfast.gateway.traffic;

/** The statistics of the calls of one kind, over all threads. Not thread-safe. */
public final class CallStatisticsTotals {
  private final Outcomes calls = new Outcomes();
  private final Outcomes attempts = new Outcomes();
  private long started;
  private long startedAttempts;

  /** The number of calls that began. */
  public long started() {
    return started;
  }

  /** The number of attempts that began. */
  public long startedAttempts() {
    return startedAttempts;
  }

  /** The calls that ended, with the status that their clients saw. */
  public Outcomes calls() {
    return calls;
  }

  /** The attempts that ended, by status. */
  public Outcomes attempts() {
    return attempts;
  }

  /** The number of calls that are open. */
  public long open() {
    return Math.max(0, started - calls.count());
  }

  /** Adds the statistics of another kind. */
  public void add(CallStatisticsTotals other) {
    add(other.started, other.startedAttempts);
    calls.add(other.calls);
    attempts.add(other.attempts);
  }

  /** The difference to an earlier sum of the same kind. */
  public CallStatisticsTotals since(CallStatisticsTotals earlier) {
    CallStatisticsTotals difference = new CallStatisticsTotals();
    difference.add(this);
    difference.add(-earlier.started, -earlier.startedAttempts);
    difference.calls.subtract(earlier.calls);
    difference.attempts.subtract(earlier.attempts);
    return difference;
  }

  void add(long calls, long attempts) {
    started += calls;
    startedAttempts += attempts;
  }
}
