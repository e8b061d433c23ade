package dev.holdfast.lab.kubernetes;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerUpgradeHandler;
import io.netty.handler.codec.http2.CleartextHttp2ServerUpgradeHandler;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2ServerUpgradeCodec;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2StreamFrameToHttpObjectCodec;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ApplicationProtocolNegotiationHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The port of an {@link ApiServer} and its connections, from start to stop. Thread-safe. */
final class ApiListener {
  private static final Logger log = LoggerFactory.getLogger(ApiListener.class);
  private static final int BIND_ATTEMPTS = 100;
  private static final Duration BIND_PAUSE = Duration.ofMillis(50);
  private static final int LONGEST_REQUEST_BYTES = 64 * 1024;
  private static final int STREAMS_PER_CONNECTION = 250;

  private final ApiServer server;
  private final boolean http2;
  private final Optional<SslContext> tls;
  private final ChannelGroup channels;
  private final Set<ApiConnection> connections = ConcurrentHashMap.newKeySet();
  private final InetSocketAddress address;

  ApiListener(ApiServer server, EventLoopGroup loop, int port) {
    this.server = server;
    http2 = server.options().http2();
    tls = server.options().tls().map(files -> files.context(http2));
    channels = new DefaultChannelGroup(loop.next(), true);
    address = bind(loop, port);
  }

  InetSocketAddress address() {
    return address;
  }

  Set<ApiConnection> connections() {
    return Set.copyOf(connections);
  }

  /** Closes the port and all connections. */
  void stop() {
    channels.close().awaitUninterruptibly(5, TimeUnit.SECONDS);
  }

  /** The port of a server that was just stopped may stay taken for a moment. */
  private InetSocketAddress bind(EventLoopGroup loop, int port) {
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(loop)
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    accept(channel);
                  }
                });
    Throwable last = null;
    for (int attempt = 0; attempt < BIND_ATTEMPTS; attempt++) {
      if (attempt > 0) {
        LockSupport.parkNanos(BIND_PAUSE.toNanos());
      }
      ChannelFuture bound =
          bootstrap.bind(InetAddress.getLoopbackAddress(), port).awaitUninterruptibly();
      if (bound.isSuccess()) {
        channels.add(bound.channel());
        return (InetSocketAddress) bound.channel().localAddress();
      }
      last = bound.cause();
    }
    throw new IllegalStateException("can't listen on port " + port, last);
  }

  private void accept(Channel channel) {
    channels.add(channel);
    ApiConnection connection = new ApiConnection(channel);
    connections.add(connection);
    var unused = channel.closeFuture().addListener(closed -> connections.remove(connection));
    ChannelPipeline pipeline = channel.pipeline();
    if (tls.isPresent()) {
      pipeline.addLast(tls.get().newHandler(channel.alloc()));
      if (http2) {
        pipeline.addLast(new Negotiated(connection));
      } else {
        addHttp1(pipeline, connection);
      }
    } else if (http2) {
      addClearText(pipeline, connection);
    } else {
      addHttp1(pipeline, connection);
    }
  }

  private void addHttp1(ChannelPipeline pipeline, ApiConnection connection) {
    pipeline.addLast(new HttpServerCodec());
    addRequests(pipeline, connection, false);
  }

  private void addRequests(ChannelPipeline pipeline, ApiConnection connection, boolean overHttp2) {
    pipeline.addLast(
        new HttpObjectAggregator(LONGEST_REQUEST_BYTES),
        new RequestHandler(server, connection, overHttp2));
  }

  private void addClearText(ChannelPipeline pipeline, ApiConnection connection) {
    HttpServerCodec http1 = new HttpServerCodec();
    HttpServerUpgradeHandler upgrade =
        new HttpServerUpgradeHandler(
            http1,
            protocol ->
                AsciiString.contentEquals(Http2CodecUtil.HTTP_UPGRADE_PROTOCOL_NAME, protocol)
                    ? new Http2ServerUpgradeCodec(frames(), streams(connection))
                    : null,
            LONGEST_REQUEST_BYTES);
    ChannelHandler priorKnowledge =
        new ChannelInitializer<>() {
          @Override
          protected void initChannel(Channel channel) {
            channel.pipeline().addLast(frames(), streams(connection));
          }
        };
    pipeline.addLast(
        new CleartextHttp2ServerUpgradeHandler(http1, upgrade, priorKnowledge),
        new NotUpgraded(connection));
  }

  private static Http2FrameCodec frames() {
    return Http2FrameCodecBuilder.forServer()
        .initialSettings(
            Http2Settings.defaultSettings().maxConcurrentStreams(STREAMS_PER_CONNECTION))
        .build();
  }

  private Http2MultiplexHandler streams(ApiConnection connection) {
    return new Http2MultiplexHandler(
        new ChannelInitializer<>() {
          @Override
          protected void initChannel(Channel stream) {
            stream.pipeline().addLast(new Http2StreamFrameToHttpObjectCodec(true));
            addRequests(stream.pipeline(), connection, true);
          }
        });
  }

  /** The handler that continues with the protocol that client and server agreed on by ALPN. */
  private final class Negotiated extends ApplicationProtocolNegotiationHandler {
    private final ApiConnection connection;

    Negotiated(ApiConnection connection) {
      super(ApplicationProtocolNames.HTTP_1_1);
      this.connection = connection;
    }

    @Override
    protected void configurePipeline(ChannelHandlerContext context, String protocol) {
      if (protocol.equals(ApplicationProtocolNames.HTTP_2)) {
        context.pipeline().addLast(frames(), streams(connection));
      } else {
        addHttp1(context.pipeline(), connection);
      }
    }

    @Override
    protected void handshakeFailure(ChannelHandlerContext context, Throwable cause) {
      log.debug("event=api_handshake_failed", cause);
      var unused = context.close();
    }
  }

  /** The first request of a client that stays with HTTP/1.1 passes here. */
  private final class NotUpgraded extends SimpleChannelInboundHandler<HttpMessage> {
    private final ApiConnection connection;

    NotUpgraded(ApiConnection connection) {
      this.connection = connection;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, HttpMessage message) {
      ChannelPipeline pipeline = context.pipeline();
      pipeline.addAfter(context.name(), null, new RequestHandler(server, connection, false));
      pipeline.replace(this, null, new HttpObjectAggregator(LONGEST_REQUEST_BYTES));
      var unused = context.fireChannelRead(ReferenceCountUtil.retain(message));
    }
  }
}
