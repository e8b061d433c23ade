package dev.holdfast.gateway.traffic;

/** The calls of one kind, of all threads. For one thread. */
public final class KindTraffic {
  private final Outcomes calls = new Outcomes();
  private final Outcomes attempts = new Outcomes();
  private long started;
  private long startedAttempts;

  /** Calls that began. */
  public long started() {
    return started;
  }

  /** Attempts that began. */
  public long startedAttempts() {
    return startedAttempts;
  }

  /** Calls that ended, as their clients saw it. */
  public Outcomes calls() {
    return calls;
  }

  /** Attempts that ended. */
  public Outcomes attempts() {
    return attempts;
  }

  /** Calls that go on. */
  public long open() {
    return Math.max(0, started - calls.count());
  }

  /** Adds another kind. */
  public void add(KindTraffic other) {
    add(other.started, other.startedAttempts);
    calls.add(other.calls);
    attempts.add(other.attempts);
  }

  /** What came since an earlier sum of the same. */
  public KindTraffic since(KindTraffic earlier) {
    KindTraffic difference = new KindTraffic();
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
