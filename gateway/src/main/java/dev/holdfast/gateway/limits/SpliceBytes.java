package dev.holdfast.gateway.limits;

import io.micrometer.core.instrument.Counter;

/** Counts the bytes of connections that are passed through to a cluster. Thread-safe. */
public final class SpliceBytes {
  private final Counter sent;
  private final Counter received;

  SpliceBytes(Counter sent, Counter received) {
    this.sent = sent;
    this.received = received;
  }

  /** Bytes of a client. */
  public void sent(int bytes) {
    sent.increment(bytes);
  }

  /** Bytes of an endpoint. */
  public void received(int bytes) {
    received.increment(bytes);
  }
}
