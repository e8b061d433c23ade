package dev.holdfast.grpc;

import dev.holdfast.core.DrainSignal;
import dev.holdfast.hooks.ServerHooks;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;

/**
 * The counter of a server's open calls, which also puts the {@link DrainSignal} into their Context.
 *
 * <p>A tracer and not an interceptor: it changes the Context before the handler runs without
 * wrapping the call, so it costs every call two additions.
 */
final class OpenCallCounter extends ServerStreamTracer.Factory {
  private final DrainSignal drain;
  private final LongAdder open = new LongAdder();
  private final HoldfastServerHooks server;
  private final Set<String> streams;
  private final ServerStreamTracer tracer = new Tracer();
  private final ServerStreamTracer streamTracer = new StreamTracer();

  /**
   * @param streams full names of the methods that are resumable: what they can know of the server
   *     they find in their Context too
   */
  OpenCallCounter(HoldfastServerHooks server, Set<String> streams) {
    this.drain = server.drain();
    this.server = server;
    this.streams = streams;
  }

  long count() {
    return open.sum();
  }

  @Override
  public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
    open.increment();
    return streams.contains(fullMethodName) ? streamTracer : tracer;
  }

  /** A tracer without state, so that a single instance serves all calls. */
  private class Tracer extends ServerStreamTracer {
    @Override
    public Context filterContext(Context context) {
      return context.withValue(HoldfastServer.DRAIN, drain);
    }

    @Override
    public void streamClosed(Status status) {
      open.decrement();
    }
  }

  private final class StreamTracer extends Tracer {
    @Override
    public Context filterContext(Context context) {
      return super.filterContext(context).withValue(ServerHooks.KEY, server);
    }
  }
}
