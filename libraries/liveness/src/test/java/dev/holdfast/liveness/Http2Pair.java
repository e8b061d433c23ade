package dev.holdfast.liveness;

import dev.holdfast.core.CloseReason;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2PingFrame;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.handler.ssl.SslContext;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** An HTTP/2 server and a client of Netty, each with or without a watch. */
final class Http2Pair implements AutoCloseable {

  /** What an observer heard, in order. */
  static final class Heard implements ConnectionObserver {
    final List<String> events = new CopyOnWriteArrayList<>();
    volatile @Nullable WatchedConnection connection;
    volatile boolean staleWhenProven;

    @Override
    public void onReady(WatchedConnection ready) {
      connection = ready;
      events.add("ready");
    }

    @Override
    public void onProven() {
      staleWhenProven = watched().isStale(System.nanoTime());
      events.add("proven");
    }

    @Override
    public void onSuspect(CloseReason why) {
      events.add("suspect " + why);
    }

    @Override
    public void onClosed(CloseReason why) {
      events.add("closed " + why);
    }

    WatchedConnection watched() {
      WatchedConnection ready = connection;
      if (ready == null) {
        throw new AssertionError("not ready: " + events);
      }
      return ready;
    }
  }

  final boolean epoll;
  final EventLoopGroup group;
  final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
  final Queue<Http2PingFrame> strayPings = new ConcurrentLinkedQueue<>();
  final Queue<Channel> served = new ConcurrentLinkedQueue<>();
  @Nullable Channel listener;

  Http2Pair(boolean epoll) {
    this.epoll = epoll;
    group =
        new MultiThreadIoEventLoopGroup(
            2, epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
  }

  /** Starts a server that answers each request with headers and leaves the stream open. */
  InetSocketAddress serve(
      InetAddress at, @Nullable LivenessHandler watch, @Nullable SslContext tls) {
    Channel bound =
        new ServerBootstrap()
            .group(group)
            .channel(epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel ch) {
                    served.add(ch);
                    if (watch != null) {
                      ch.pipeline().addFirst(watch);
                    }
                    if (tls != null) {
                      ch.pipeline().addLast(tls.newHandler(ch.alloc()));
                    }
                    ch.pipeline().addLast(Http2FrameCodecBuilder.forServer().build());
                    ch.pipeline().addLast(new Http2MultiplexHandler(new Answering()));
                    ch.pipeline().addLast(new Rest());
                  }
                })
            .bind(at, 0)
            .syncUninterruptibly()
            .channel();
    listener = bound;
    return (InetSocketAddress) bound.localAddress();
  }

  Channel connect(SocketAddress to, LivenessHandler watch, @Nullable SslContext tls) {
    return new Bootstrap()
        .group(group)
        .channel(epoll ? EpollSocketChannel.class : NioSocketChannel.class)
        .handler(
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel ch) {
                ch.pipeline().addFirst(watch);
                if (tls != null) {
                  ch.pipeline().addLast(tls.newHandler(ch.alloc()));
                }
                ch.pipeline().addLast(Http2FrameCodecBuilder.forClient().build());
                ch.pipeline()
                    .addLast(new Http2MultiplexHandler(new ChannelInboundHandlerAdapter()));
                ch.pipeline().addLast(new Rest());
              }
            })
        .connect(to)
        .syncUninterruptibly()
        .channel();
  }

  /** Opens a stream, and keeps it. */
  static Http2StreamChannel call(Channel client) {
    Http2StreamChannel stream =
        new Http2StreamChannelBootstrap(client)
            .handler(new ChannelInboundHandlerAdapter())
            .open()
            .syncUninterruptibly()
            .getNow();
    stream
        .writeAndFlush(
            new DefaultHttp2HeadersFrame(
                new DefaultHttp2Headers().method("POST").path("/held").scheme("http")))
        .syncUninterruptibly();
    return stream;
  }

  @Override
  public void close() {
    group.shutdownGracefully(0, 1, java.util.concurrent.TimeUnit.SECONDS).syncUninterruptibly();
  }

  private static final class Answering extends ChannelInboundHandlerAdapter {
    @Override
    public boolean isSharable() {
      return true;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (message instanceof Http2HeadersFrame) {
        var unused =
            ctx.writeAndFlush(
                new DefaultHttp2HeadersFrame(new DefaultHttp2Headers().status("200")));
      }
      io.netty.util.ReferenceCountUtil.release(message);
    }
  }

  private final class Rest extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (message instanceof Http2PingFrame ping && ping.ack()) {
        strayPings.add(ping);
      }
      io.netty.util.ReferenceCountUtil.release(message);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      failures.add(cause);
    }
  }
}
