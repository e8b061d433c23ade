package dev.holdfast.grpc;

import dev.holdfast.core.DrainSignal;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts the open calls of a server and puts its {@link DrainSignal} into their Context.
 *
 * <p>A tracer and not an interceptor: it changes the Context before the handler runs without
 * wrapping the call, so it costs every call two additions.
 */
final class OpenCalls extends ServerStreamTracer.Factory {
  private final DrainSignal drain;
  private final LongAdder open = new LongAdder();
  private final ServerStreamTracer tracer = new Tracer();

  OpenCalls(DrainSignal drain) {
    this.drain = drain;
  }

  long count() {
    return open.sum();
  }

  @Override
  public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
    open.increment();
    return tracer;
  }

  /** Without a state of its own, one serves all calls. */
  private final class Tracer extends ServerStreamTracer {
    @Override
    public Context filterContext(Context context) {
      return context.withValue(HoldfastServer.DRAIN, drain);
    }

    @Override
    public void streamClosed(Status status) {
      open.decrement();
    }
  }
}
