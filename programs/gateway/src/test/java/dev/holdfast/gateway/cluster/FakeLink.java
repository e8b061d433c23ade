package dev.holdfast.gateway.cluster;

/** A link that is as a test says. */
final class FakeLink implements Link {
  final String address;
  final LinkWatch<FakeLink> watch;
  boolean ready;
  boolean stale;
  boolean retired;
  int calls;
  int most = 100;
  int proofs;

  FakeLink(String address, LinkWatch<FakeLink> watch) {
    this.address = address;
    this.watch = watch;
  }

  /** The peer's SETTINGS came. */
  FakeLink open() {
    ready = true;
    watch.onRoom(this);
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
  public void prove() {
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
  public boolean isLeaving() {
    return retired;
  }

  @Override
  public void retire() {
    retired = true;
  }
}
