package dev.holdfast.grpc;

import static org.awaitility.Awaitility.await;

import dev.holdfast.grpc.internal.transport.EventLoops;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import io.netty.handler.codec.http2.DefaultHttp2SettingsFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2PingFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2SettingsAckFrame;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * HTTP/2 without gRPC: sends PINGs whenever it is told and counts how many a server takes. One
 * connection; closed by {@link #close()}.
 */
final class RawPingClient implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  final AtomicInteger words = new AtomicInteger();
  private final AtomicInteger answers = new AtomicInteger();
  private final AtomicInteger settingsAnswers = new AtomicInteger();
  private final Channel channel;
  private int pings;
  private final long bornNanos = System.nanoTime();
  private volatile long goneNanos;
  private volatile String goAway = "";

  RawPingClient(int port) {
    EventLoops loops = EventLoops.shared();
    channel =
        new Bootstrap()
            .group(loops.workers())
            .channelFactory(loops::newClientChannel)
            .handler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel socket) {
                    socket.pipeline().addLast(Http2FrameCodecBuilder.forClient().build());
                    socket
                        .pipeline()
                        .addLast(new Http2MultiplexHandler(new ChannelInboundHandlerAdapter()));
                    socket.pipeline().addLast(new Frames());
                  }
                })
            .connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
            .syncUninterruptibly()
            .channel();
    // The answer to the SETTINGS that every connection begins with.
    await().atMost(LIMIT).until(() -> settingsAnswers.get() == 1);
  }

  /** Opens a stream of words and keeps it. */
  void follow(String request) {
    Channel stream =
        new Http2StreamChannelBootstrap(channel)
            .handler(new Frames())
            .open()
            .syncUninterruptibly()
            .getNow();
    var unused =
        stream.write(
            new DefaultHttp2HeadersFrame(
                new DefaultHttp2Headers()
                    .method("POST")
                    .scheme("http")
                    .authority("localhost")
                    .path("/test.Words/Follow")
                    .add("content-type", "application/grpc")
                    .add("te", "trailers")));
    byte[] text = request.getBytes(StandardCharsets.UTF_8);
    ByteBuf message = Unpooled.buffer().writeByte(0).writeInt(text.length).writeBytes(text);
    stream.writeAndFlush(new DefaultHttp2DataFrame(message, true)).syncUninterruptibly();
    awaitWords(1);
  }

  void awaitWords(int count) {
    await().atMost(LIMIT).until(() -> words.get() >= count || isGone());
  }

  /** Sends one PING and waits until it is answered, or the connection is gone. */
  void ping() {
    pings++;
    int sent = pings;
    var unused = channel.writeAndFlush(new DefaultHttp2PingFrame(sent));
    await()
        .pollInterval(Duration.ofMillis(5))
        .atMost(LIMIT)
        .until(() -> answers.get() >= sent || isGone());
  }

  /** Which PING of this connection, each sent after what the server did of the last, is fatal. */
  int pingUntilGone(int most) {
    while (!isGone() && pings < most) {
      ping();
      fence();
    }
    return pings;
  }

  /** What the server wrote before it answered something else has arrived. */
  private void fence() {
    int before = settingsAnswers.get();
    var unused = channel.writeAndFlush(new DefaultHttp2SettingsFrame(new Http2Settings()));
    await()
        .pollInterval(Duration.ofMillis(5))
        .atMost(LIMIT)
        .until(() -> settingsAnswers.get() > before || isGone());
  }

  boolean isGone() {
    return !goAway.isEmpty() || !channel.isActive();
  }

  /** What the server said when it closed: the number of the error, and its text. */
  String goAway() {
    return goAway;
  }

  /** The time from the connection's start to the server's GOAWAY. */
  long lifeMillis() {
    return TimeUnit.NANOSECONDS.toMillis(goneNanos - bornNanos);
  }

  @Override
  public void close() {
    channel.close().syncUninterruptibly();
  }

  private final class Frames extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (message instanceof Http2PingFrame ping && ping.ack()) {
        answers.incrementAndGet();
      } else if (message instanceof Http2SettingsAckFrame) {
        settingsAnswers.incrementAndGet();
      } else if (message instanceof Http2DataFrame data && data.content().isReadable()) {
        words.incrementAndGet();
      } else if (message instanceof Http2GoAwayFrame end) {
        goneNanos = System.nanoTime();
        goAway =
            end.errorCode()
                + " "
                + new String(ByteBufUtil.getBytes(end.content()), StandardCharsets.US_ASCII);
      }
      ReferenceCountUtil.release(message);
    }
  }
}
