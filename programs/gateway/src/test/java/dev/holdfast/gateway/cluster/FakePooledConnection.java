package dev.holdfast.gateway.cluster;

/** A connection whose state a test sets. */
final class FakePooledConnection implements PooledConnection {
  final String address;
  final PooledConnectionListener<FakePooledConnection> watch;
  boolean ready;
  boolean stale;
  boolean retired;
  int calls;
  int most = 100;
  int proofs;

  FakePooledConnection(String address, PooledConnectionListener<FakePooledConnection> watch) {
    this.address = address;
    this.watch = watch;
  }

  /** The peer's SETTINGS came. */
  FakePooledConnection open() {
    ready = true;
    watch.onReady(this);
    return this;
  }

  @Override
  public boolean hasRoom() {
    return ready && !retired && calls < most;
  }

  @Override
  public boolean isStale(long nowNanos) {
    return stale;
  }

  @Override
  public void probe() {
    proofs++;
  }

  @Override
  public int openCalls() {
    return calls;
  }

  @Override
  public int mostCalls() {
    return most;
  }

  @Override
  public boolean isDraining() {
    return retired;
  }

  @Override
  public void retire() {
    retired = true;
  }
}
