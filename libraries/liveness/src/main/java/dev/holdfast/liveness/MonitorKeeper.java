package dev.holdfast.liveness;

/** The Holdfast monitor as a {@link Keeper}, with a shell as thin as the real one. */
final class MonitorKeeper implements Keeper {
  private final Stage stage;
  private final LivenessMonitor monitor;
  private final LivenessOptions options;
  // The rehearsed machine is awake since it began.
  private final long wokeNanos;
  private long readNanos;
  private long writtenNanos;
  private long frameNanos;
  private int calls;

  MonitorKeeper(Stage stage, LivenessMonitor monitor, LivenessOptions options, long nowNanos) {
    this.stage = stage;
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
    if (monitor.isAsking()) {
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
    if (monitor.wantsWrites()) {
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
  public void onTwin(long nowNanos, TwinState state) {
    tell(nowNanos);
    monitor.onTwin(nowNanos, state);
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
        ? RehearsedWire.NEVER
        : monitor.nextDeadlineNanos();
  }

  @Override
  public boolean admitsCall(long nowNanos) {
    tell(nowNanos);
    boolean stale =
        monitor.state() == LivenessState.SUSPECT
            || nowNanos - readNanos > options.safeIdle().toNanos();
    if (stale) {
      monitor.onProve(nowNanos, wokeNanos);
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
        case NUDGE -> stage.nudge();
        case PROBE -> stage.ping();
        case READ_KERNEL -> monitor.onKernel(nowNanos, stage.kernel());
        case PROVEN -> {
          readNanos = nowNanos;
          stage.proven();
        }
        case SUSPECT -> stage.suspect();
        case CLOSE -> stage.close();
      }
    }
  }
}
