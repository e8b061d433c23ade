package dev.holdfast.grpc;

import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;

/**
 * A stream tracer that tells whether the trailers of an attempt came over the wire. The status
 * alone does not tell: a server may send the same UNAVAILABLE that this side makes when a
 * connection dies.
 */
final class TrailersTracerFactory extends ClientStreamTracer.Factory {
  // Written on the connection's event loop, read where the call is closed.
  private volatile boolean trailers;

  boolean hasTrailers() {
    return trailers;
  }

  @Override
  public ClientStreamTracer newClientStreamTracer(
      ClientStreamTracer.StreamInfo info, Metadata headers) {
    return new ClientStreamTracer() {
      @Override
      public void inboundTrailers(Metadata received) {
        trailers = true;
      }
    };
  }
}
