package dev.holdfast.grpc;

import static org.awaitility.Awaitility.await;

import dev.holdfast.grpc.internal.transport.EventLoops;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Stands where the liveness handler stands, in the pipelines of a real channel, but notices only
 * what the test tells it.
 */
public final class FakeLivenessHandler {
  /** Every connection that is one of a pair, in the order in which they became ready. */
  public final List<FakeWatchedConnection> fakeWatchedConnections = new CopyOnWriteArrayList<>();

  private volatile boolean holdsBack;

  /** From now on no connection gets anywhere, as if nobody answered. */
  public void holdBackNewConnections() {
    holdsBack = true;
  }

  /** Puts it into the connections of a channel. */
  public void stand(NettyChannelBuilder builder) {
    EventLoops loops = EventLoops.shared();
    builder
        .eventLoopGroup(loops.workers())
        .channelFactory(
            () -> {
              Channel channel = loops.newClientChannel();
              channel.pipeline().addFirst(new Handler());
              return channel;
            });
  }

  public FakeWatchedConnection post(int index) {
    await().atMost(Duration.ofSeconds(30)).until(() -> fakeWatchedConnections.size() > index);
    return fakeWatchedConnections.get(index);
  }

  /** One connection. */
  public record FakeWatchedConnection(FakeConnection connection, Channel channel) {
    public void suspect() {
      channel.eventLoop().execute(connection::suspect);
    }

    public void speak() {
      channel.eventLoop().execute(connection::speak);
    }
  }

  private final class Handler extends ChannelDuplexHandler {
    private boolean found;

    @Override
    public void connect(
        ChannelHandlerContext ctx,
        SocketAddress remote,
        SocketAddress local,
        ChannelPromise promise)
        throws Exception {
      if (!holdsBack) {
        super.connect(ctx, remote, local, promise);
      }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (!found) {
        found = true;
        var observer = ClientChannelFactory.observerOf(ctx);
        if (observer != ClientChannelFactory.NOBODY) {
          FakeConnection connection = new FakeConnection(ctx.channel().remoteAddress(), observer);
          connection.ready();
          ctx.channel().closeFuture().addListener(closed -> connection.closed());
          fakeWatchedConnections.add(new FakeWatchedConnection(connection, ctx.channel()));
        }
      }
      ctx.fireChannelRead(message);
    }
  }
}
