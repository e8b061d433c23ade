package dev.holdfast.gateway.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Channels that are open when their event loop ends. */
class ClosingEventLoopGroupTest {
  private static final long PATIENCE_SECONDS = 60;

  @Test
  void isClosedAlsoWhereTheLoopIsToldBetweenItsTasks() throws Exception {
    IoEventLoopGroup loops =
        ClosingEventLoopGroup.of(
            1, new DefaultThreadFactory("closing", true), NioIoHandler.newFactory());
    CompletableFuture<Boolean> heard = new CompletableFuture<>();
    try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Channel channel = connect(loops, listener, heard);
      SingleThreadEventLoop loop = (SingleThreadEventLoop) channel.eventLoop();
      // The last thing in a turn: behind it the loop sees that it ends, and has a task to run.
      loop.executeAfterEventLoopIteration(
          () -> {
            var unused = loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            loop.execute(() -> {});
          });
      assertThat(loops.terminationFuture().await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(channel.isOpen()).isFalse();
      assertThat(heard).isCompletedWithValue(true);
    }
  }

  private static Channel connect(
      IoEventLoopGroup loops, ServerSocket listener, CompletableFuture<Boolean> heard) {
    return new Bootstrap()
        .group(loops)
        .channel(NioSocketChannel.class)
        .handler(
            new ChannelInboundHandlerAdapter() {
              @Override
              public void channelInactive(ChannelHandlerContext ctx) {
                heard.complete(true);
              }
            })
        .connect(listener.getLocalSocketAddress())
        .syncUninterruptibly()
        .channel();
  }
}
