package dev.holdfast.cli.demo.load;

import io.grpc.Attributes;
import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The counter of a call's attempts that were given to a connection.
 *
 * <p>The counter stands below every retry, Holdfast's and grpc-java's own, so a retry can't hide
 * from the figures of the demo.
 */
final class AttemptCounter extends ClientStreamTracer.Factory {
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
