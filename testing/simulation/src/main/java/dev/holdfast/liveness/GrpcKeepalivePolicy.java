package dev.holdfast.liveness;

import java.time.Duration;

/**
 * The stock keepalive of gRPC: a PING after a time of silence, and a close when nothing arrives
 * within the timeout.
 */
final class GrpcKeepalivePolicy implements KeepalivePolicy {
  private final KeepaliveActions keepaliveActions;
  private final long timeNanos;
  private final long timeoutNanos;
  private long readNanos;
  private long pingedNanos;
  private boolean pinged;

  GrpcKeepalivePolicy(
      KeepaliveActions keepaliveActions, Duration time, Duration timeout, long nowNanos) {
    readNanos = nowNanos;
    this.keepaliveActions = keepaliveActions;
    timeNanos = time.toNanos();
    timeoutNanos = timeout.toNanos();
  }

  @Override
  public void onRead(long nowNanos, boolean callFrame) {
    readNanos = nowNanos;
    pinged = false;
  }

  @Override
  public void onWritten(long nowNanos) {}

  @Override
  public void onCalls(int calls) {}

  @Override
  public void onPingAnswered(long nowNanos, long roundTripNanos) {}

  @Override
  public void onReplacement(long nowNanos, ReplacementState state) {}

  @Override
  public void onTimeout(long nowNanos) {
    if (nowNanos < nextDeadlineNanos()) {
      return;
    }
    if (pinged) {
      keepaliveActions.close();
    } else {
      pinged = true;
      pingedNanos = nowNanos;
      keepaliveActions.ping();
    }
  }

  @Override
  public long nextDeadlineNanos() {
    return pinged ? pingedNanos + timeoutNanos : readNanos + timeNanos;
  }

  @Override
  public boolean admitsCall(long nowNanos) {
    return true;
  }
}
