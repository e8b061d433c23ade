package dev.holdfast.liveness;

/** The Holdfast monitor as a {@link KeepalivePolicy}, with a shell as thin as the real one. */
final class HoldfastKeepalivePolicy implements KeepalivePolicy {
  private final KeepaliveActions keepaliveActions;
  private final LivenessMonitor monitor;
  private final LivenessOptions options;
  // The simulated machine is awake since it began.
  private final long wokeNanos;
  private long readNanos;
  private long writtenNanos;
  private long frameNanos;
  private int calls;

  HoldfastKeepalivePolicy(
      KeepaliveActions keepaliveActions,
      LivenessMonitor monitor,
      LivenessOptions options,
      long nowNanos) {
    this.keepaliveActions = keepaliveActions;
    this.monitor = monitor;
    this.options = options;
    wokeNanos = nowNanos;
    readNanos = nowNanos;
    writtenNanos = nowNanos;
    frameNanos = nowNanos;
    monitor.onSettings(nowNanos);
    act(nowNanos);
  }

  LivenessMonitor monitor() {
    return monitor;
  }

  @Override
  public void onRead(long nowNanos, boolean callFrame) {
    readNanos = nowNanos;
    if (monitor.isAwaitingAnswer()) {
      tell(nowNanos);
      act(nowNanos);
    }
    if (callFrame) {
      frameNanos = nowNanos;
    }
  }

  @Override
  public void onWritten(long nowNanos) {
    writtenNanos = nowNanos;
    if (monitor.needsWriteEvents()) {
      tell(nowNanos);
      monitor.onWritten(nowNanos);
    }
  }

  @Override
  public void onCalls(int openCalls) {
    calls = openCalls;
  }

  @Override
  public void onPingAnswered(long nowNanos, long roundTripNanos) {
    monitor.onAnswered(nowNanos, roundTripNanos);
  }

  @Override
  public void onReplacement(long nowNanos, ReplacementState state) {
    tell(nowNanos);
    monitor.onReplacement(nowNanos, state);
    act(nowNanos);
  }

  @Override
  public void onTimeout(long nowNanos) {
    tell(nowNanos);
    monitor.onTimeout(nowNanos);
    act(nowNanos);
  }

  @Override
  public long nextDeadlineNanos() {
    return monitor.state() == LivenessState.CLOSED
        ? SimulatedTcpSender.NEVER
        : monitor.nextDeadlineNanos();
  }

  @Override
  public boolean admitsCall(long nowNanos) {
    tell(nowNanos);
    boolean stale =
        monitor.state() == LivenessState.SUSPECT
            || nowNanos - readNanos > options.safeIdle().toNanos();
    if (stale) {
      monitor.onLivenessCheck(nowNanos, wokeNanos);
      act(nowNanos);
    }
    return !stale;
  }

  private void tell(long nowNanos) {
    monitor.onTraffic(nowNanos, readNanos, writtenNanos, frameNanos, calls);
  }

  private void act(long nowNanos) {
    for (LivenessOutput next = monitor.poll(); next != null; next = monitor.poll()) {
      switch (next) {
        case TCP_KEEPALIVE_PROBE -> keepaliveActions.probeTcpKeepalive();
        case PROBE -> keepaliveActions.ping();
        case READ_TCP_INFO -> monitor.onTcpInfo(nowNanos, keepaliveActions.tcpInfo());
        case PROVEN -> {
          readNanos = nowNanos;
          keepaliveActions.proven();
        }
        case SUSPECT -> keepaliveActions.suspect();
        case CLOSE -> keepaliveActions.close();
      }
    }
  }
}
