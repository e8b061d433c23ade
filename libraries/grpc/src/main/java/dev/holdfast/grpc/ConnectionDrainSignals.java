package dev.holdfast.grpc;

import dev.holdfast.core.Clock;
import dev.holdfast.core.DrainSignal;
import dev.holdfast.core.OffloadExecutor;
import dev.holdfast.core.Subscription;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The {@link DrainSignal} of each connection, which tells its streams that the connection has
 * reached its maximum age.
 *
 * <p>gRPC tells the client by a GOAWAY and the handlers of its streams nothing until it cuts them.
 * Only servers for which an age was said have one of these. Thread-safe.
 */
final class ConnectionDrainSignals implements ServerInterceptor {
  private final DrainSignal server;
  private final Duration grace;
  private final Clock clock;
  private final Map<SocketAddress, DrainSignal> signals = new ConcurrentHashMap<>();

  /**
   * Creates the signals of one server's connections.
   *
   * @param server the server's own signal, which every connection passes on
   * @param grace how long gRPC waits from the GOAWAY until it cuts
   */
  ConnectionDrainSignals(DrainSignal server, Duration grace, Clock clock) {
    this.server = server;
    this.grace = grace;
    this.clock = clock;
  }

  /** A connection was accepted; before grpc sees it. */
  void accept(Channel connection) {
    DrainSignal own = new DrainSignal(clock);
    SocketAddress client = connection.remoteAddress();
    if (client == null) {
      // Gone already.
      return;
    }
    signals.put(client, own);
    Subscription ofServer =
        server.onDrain(() -> own.begin(server.remaining().orElse(Duration.ZERO)));
    connection
        .closeFuture()
        .addListener(
            closed -> {
              ofServer.close();
              signals.remove(client, own);
            });
    connection.pipeline().addFirst(new Watch(own));
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    SocketAddress client = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    @Nullable DrainSignal own = client == null ? null : signals.get(client);
    if (own == null) {
      return next.startCall(call, headers);
    }
    Context context = Context.current().withValue(HoldfastServer.DRAIN, own);
    return Contexts.interceptCall(context, call, headers, next);
  }

  /** Waits until TLS and gRPC have put HTTP/2 into the pipeline, listens there and goes. */
  private final class Watch extends ChannelInboundHandlerAdapter {
    private final DrainSignal own;

    Watch(DrainSignal own) {
      this.own = own;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ctx.fireChannelRead(message);
      Http2ConnectionHandler http2 = ctx.pipeline().get(Http2ConnectionHandler.class);
      if (http2 != null && !ctx.isRemoved()) {
        http2.connection().addListener(new GoAwayListener(own));
        ctx.pipeline().remove(this);
      }
    }
  }

  /** A GOAWAY without an error is the age, or the server's own drain, which came first then. */
  private final class GoAwayListener extends Http2ConnectionAdapter {
    private final DrainSignal own;

    GoAwayListener(DrainSignal own) {
      this.own = own;
    }

    @Override
    public void onGoAwaySent(int lastStreamId, long errorCode, ByteBuf debugData) {
      if (errorCode == Http2Error.NO_ERROR.code()) {
        // This is the event loop of the connection, and of others.
        var unused = own.begin(grace, OffloadExecutor.shared());
      }
    }
  }
}
