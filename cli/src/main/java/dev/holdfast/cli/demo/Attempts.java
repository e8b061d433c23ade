package dev.holdfast.cli.demo;

import io.grpc.Attributes;
import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts the attempts of one call that were given to a connection.
 *
 * <p>Measured below every retry, Holdfast's and grpc-java's own, so a retry can't hide from the
 * figures of the demo.
 */
final class Attempts extends ClientStreamTracer.Factory {
  private final AtomicInteger made = new AtomicInteger();

  @Override
  public ClientStreamTracer newClientStreamTracer(
      ClientStreamTracer.StreamInfo info, Metadata headers) {
    return new ClientStreamTracer() {
      @Override
      public void streamCreated(Attributes transportAttributes, Metadata sent) {
        made.incrementAndGet();
      }
    };
  }

  /** Whether more than one attempt was made. */
  boolean retried() {
    return made.get() > 1;
  }
}
