package dev.holdfast.grpc;

import dev.holdfast.core.CloseReason;
import dev.holdfast.liveness.ConnectionObserver;
import dev.holdfast.liveness.ReplacementState;
import dev.holdfast.liveness.WatchedConnection;
import java.net.SocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A connection whose silence, answers and end the test decides. */
public final class FakeConnection implements WatchedConnection {
  public final AtomicInteger proofsAsked = new AtomicInteger();
  public final List<ReplacementState> replacements = new CopyOnWriteArrayList<>();
  public volatile boolean stale;

  /** Whether it answers as soon as it is asked. */
  public volatile boolean awake;

  private volatile long lastReadNanos;
  private final SocketAddress remote;
  private final ConnectionObserver observer;

  public FakeConnection(SocketAddress remote, ConnectionObserver observer) {
    this.remote = remote;
    this.observer = observer;
  }

  public void ready() {
    readyAndMute();
    lastReadNanos = 1;
  }

  /** Its peer sent SETTINGS and then nothing more. */
  void readyAndMute() {
    observer.onReady(this);
  }

  public void suspect() {
    stale = true;
    observer.onSuspect(CloseReason.PROBE_MISSED);
  }

  public void speak() {
    stale = false;
    observer.onProven();
  }

  public void closed() {
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
  public void checkLiveness() {
    proofsAsked.incrementAndGet();
    if (awake) {
      speak();
    }
  }

  @Override
  public void replacement(ReplacementState state) {
    replacements.add(state);
  }
}
