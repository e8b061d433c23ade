package dev.holdfast.grpc;

import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;

/**
 * Whether trailers of one attempt came over the wire, which its status alone doesn't tell: a server
 * may say UNAVAILABLE in the same words as this end does when a connection dies.
 */
final class ServerWord extends ClientStreamTracer.Factory {
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
