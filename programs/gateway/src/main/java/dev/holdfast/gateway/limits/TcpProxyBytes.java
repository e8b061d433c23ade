package dev.holdfast.gateway.limits;

import io.micrometer.core.instrument.Counter;

/** The byte counters of connections that are passed through to a cluster. Thread-safe. */
public final class TcpProxyBytes {
  private final Counter sent;
  private final Counter received;

  TcpProxyBytes(Counter sent, Counter received) {
    this.sent = sent;
    this.received = received;
  }

  /** Counts bytes that a client sent. */
  public void sent(int bytes) {
    sent.increment(bytes);
  }

  /** Counts bytes that an endpoint sent. */
  public void received(int bytes) {
    received.increment(bytes);
  }
}
