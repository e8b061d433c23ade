package dev.holdfast.grpc;

import dev.holdfast.core.CloseReason;
import dev.holdfast.liveness.ConnectionObserver;
import dev.holdfast.liveness.TwinState;
import dev.holdfast.liveness.WatchedConnection;
import java.net.SocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A connection whose silence, answers and end the test decides. */
final class FakeConnection implements WatchedConnection {
  final AtomicInteger proofsAsked = new AtomicInteger();
  final List<TwinState> twins = new CopyOnWriteArrayList<>();
  volatile boolean stale;

  /** Whether it answers as soon as it is asked. */
  volatile boolean awake;

  private volatile long lastReadNanos;
  private final SocketAddress remote;
  private final ConnectionObserver observer;

  FakeConnection(SocketAddress remote, ConnectionObserver observer) {
    this.remote = remote;
    this.observer = observer;
  }

  void ready() {
    readyAndMute();
    lastReadNanos = 1;
  }

  /** Its peer sent SETTINGS and then nothing more. */
  void readyAndMute() {
    observer.onReady(this);
  }

  void suspect() {
    stale = true;
    observer.onSuspect(CloseReason.PROBE_MISSED);
  }

  void speak() {
    stale = false;
    observer.onProven();
  }

  void closed() {
    observer.onClosed(CloseReason.CLOSED_BY_PEER);
  }

  @Override
  public SocketAddress remoteAddress() {
    return remote;
  }

  @Override
  public long lastReadNanos() {
    return lastReadNanos;
  }

  @Override
  public boolean isStale(long nowNanos) {
    return stale;
  }

  @Override
  public void prove() {
    proofsAsked.incrementAndGet();
    if (awake) {
      speak();
    }
  }

  @Override
  public void twin(TwinState state) {
    twins.add(state);
  }
}
