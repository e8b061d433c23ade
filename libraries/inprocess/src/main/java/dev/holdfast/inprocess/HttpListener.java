package dev.holdfast.inprocess;

import dev.holdfast.gateway.Gateway;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;

/** A listening port of the HTTP frontends. Thread-safe. */
public final class HttpListener implements AutoCloseable {
  private final Gateway gateway;

  HttpListener(Gateway gateway) {
    this.gateway = gateway;
  }

  /** The bound address, with the actual port. */
  public InetSocketAddress address() {
    return gateway.address();
  }

  /**
   * Drains: stops listening, asks clients to leave and lets requests end. Complete requests have 30
   * s, streams 5 min ({@link dev.holdfast.gateway.DrainTimes#DEFAULT}).
   *
   * @return completes when the last connection is closed
   */
  public CompletableFuture<Void> drain() {
    return gateway.drain();
  }

  /** Drains and blocks until that is done. Close before the server's own shutdown. */
  @Override
  public void close() {
    gateway.close();
  }
}
