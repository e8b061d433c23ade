package dev.holdfast.inprocess;

import dev.holdfast.gateway.Gateway;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;

/** A port on which services are reached over HTTP. Thread-safe. */
public final class HttpListener implements AutoCloseable {
  private final Gateway gateway;

  HttpListener(Gateway gateway) {
    this.gateway = gateway;
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return gateway.address();
  }

  /**
   * Stops listening, asks clients to leave and lets requests end: complete ones for 30 s, streams
   * for 5 min ({@link dev.holdfast.gateway.DrainTimes#DEFAULT}).
   *
   * @return completes when the last connection is closed
   */
  public CompletableFuture<Void> drain() {
    return gateway.drain();
  }

  /** Drains, and returns when that is done. Before the server's own shutdown. */
  @Override
  public void close() {
    gateway.close();
  }
}
