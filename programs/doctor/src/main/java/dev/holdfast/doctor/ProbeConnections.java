package dev.holdfast.doctor;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The factory of an examination's connections, on one event loop. Closes the remaining ones at the
 * end.
 */
// A write that fails shows as the end of its connection.
@SuppressWarnings("FutureReturnValueIgnored")
final class ProbeConnections implements AutoCloseable {
  static final Duration CONNECT_WITHIN = Duration.ofSeconds(10);
  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(3);
  private static final int SNIFFED_BYTES = 200;

  private final EventLoopGroup group;
  private final boolean epoll = Epoll.isAvailable();
  private final Set<Channel> open = new LinkedHashSet<>();
  private final SslContext tls;
  private Consumer<Throwable> crashListener = failure -> {};

  /** A factory with {@link ClientTlsFiles#NONE}. */
  ProbeConnections() {
    this(ClientTlsFiles.NONE);
  }

  /**
   * A factory that uses these files for TLS.
   *
   * @throws IllegalArgumentException naming the file that is missing or invalid
   */
  ProbeConnections(ClientTlsFiles files) {
    tls = files.context();
    group =
        new MultiThreadIoEventLoopGroup(
            1, epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
  }

  /** Sets the listener for failures of the doctor's own code, in place of the previous one. */
  void onCrash(Consumer<Throwable> listener) {
    crashListener = listener;
  }

  void crashed(Throwable failure) {
    crashListener.accept(failure);
  }

  /** The event loop that all connections and decisions run on. */
  EventLoop loop() {
    return group.next();
  }

  /** Opens a connection. Its results go to the listener, and to the returned attempt. */
  ConnectionAttempt open(
      ProbeTarget target, ProbeConnection.ProbeConnectionListener probeConnectionListener) {
    ConnectionAttempt attempt =
        new ConnectionAttempt(new ProbeConnection(target, probeConnectionListener, this::crashed));
    bootstrap()
        .handler(
            new ChannelInitializer<SocketChannel>() {
              @Override
              protected void initChannel(SocketChannel channel) {
                open.add(channel);
                channel.closeFuture().addListener(closed -> open.remove(channel));
                if (target.tls()) {
                  channel
                      .pipeline()
                      .addLast(new FirstRecord(attempt))
                      .addLast(tls.newHandler(channel.alloc(), target.serverName(), 443));
                }
                channel.pipeline().addLast(new Beginning(attempt, target.tls()));
              }
            })
        .connect(target.address())
        .addListener(
            connected -> {
              if (!connected.isSuccess()) {
                attempt.fail(problemOf(connected.cause()));
                attempt.probeConnection().connectFailed();
              }
            });
    return attempt;
  }

  /** Asks for an upgrade from HTTP/1.1; the first line of the answer, "" for none in time. */
  CompletableFuture<String> askHttp1(ProbeTarget target) {
    Http1UpgradeProbe question = new Http1UpgradeProbe(target.authority());
    ChannelFuture connected = bootstrap().handler(question).connect(target.address());
    connected.channel().closeFuture().addListener(closed -> question.firstLine().complete(""));
    return question
        .firstLine()
        .completeOnTimeout("", ANSWER_WITHIN.toMillis(), TimeUnit.MILLISECONDS)
        .whenCompleteAsync((line, failure) -> connected.channel().close(), loop());
  }

  private Bootstrap bootstrap() {
    return new Bootstrap()
        .group(group)
        .channel(epoll ? EpollSocketChannel.class : NioSocketChannel.class)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) CONNECT_WITHIN.toMillis())
        .option(ChannelOption.TCP_NODELAY, true)
        // The kernel's own keepalive would keep alive what is to be seen dying.
        .option(ChannelOption.SO_KEEPALIVE, false);
  }

  /** Closes every connection and the loop. */
  @Override
  public void close() {
    loop().execute(() -> List.copyOf(open).forEach(Channel::close));
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }

  private static ConnectionProblem problemOf(@Nullable Throwable cause) {
    if (cause instanceof io.netty.channel.ConnectTimeoutException) {
      return ConnectionProblem.CONNECT_TIMEOUT;
    }
    return cause instanceof ConnectException
        ? ConnectionProblem.REFUSED
        : ConnectionProblem.CONNECT_FAILED;
  }

  /** The handler that detects whether the peer speaks TLS, and then removes itself. */
  private static final class FirstRecord extends ChannelInboundHandlerAdapter {
    /** Of the records of a handshake and of alerts: their type, and TLS's major version. */
    private static final int ALERT = 21;

    private static final int HANDSHAKE = 22;
    private static final int MAJOR_VERSION = 3;

    private final ConnectionAttempt attempt;

    FirstRecord(ConnectionAttempt attempt) {
      this.attempt = attempt;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (message instanceof ByteBuf bytes && bytes.readableBytes() > 1) {
        int type = bytes.getByte(bytes.readerIndex());
        int version = bytes.getByte(bytes.readerIndex() + 1);
        if ((type == ALERT || type == HANDSHAKE) && version == MAJOR_VERSION) {
          attempt.peerSpeaksTls();
        }
      }
      ctx.pipeline().remove(this);
      ctx.fireChannelRead(message);
    }
  }

  /**
   * The first handler after TLS: adds HTTP/2 when it may be spoken, and records the first bytes in
   * case it is not.
   */
  private static final class Beginning extends ChannelInboundHandlerAdapter {
    private final ConnectionAttempt attempt;
    private final boolean tls;
    private boolean speaking;

    Beginning(ConnectionAttempt attempt, boolean tls) {
      this.attempt = attempt;
      this.tls = tls;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      attempt.connected();
      if (!tls) {
        speak(ctx);
      }
      ctx.fireChannelActive();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof SslHandshakeCompletionEvent handshake) {
        onHandshake(ctx, handshake);
      }
      ctx.fireUserEventTriggered(event);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (message instanceof ByteBuf bytes && attempt.sniffedChars() < SNIFFED_BYTES) {
        int length = Math.min(bytes.readableBytes(), SNIFFED_BYTES);
        attempt.sniff(bytes.toString(bytes.readerIndex(), length, StandardCharsets.ISO_8859_1));
      }
      ctx.fireChannelRead(message);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      attempt.fail(ConnectionProblem.ENDED);
      if (!speaking) {
        attempt.probeConnection().channelInactive(ctx);
      }
      ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      if (speaking) {
        // With TLS 1.3 a server refuses a client's certificate after the client's handshake.
        if (attempt.probeConnection().settings().isEmpty()
            && cause.getCause() instanceof SSLException told) {
          attempt.failTls(told);
        }
        ctx.fireExceptionCaught(cause);
      } else {
        ctx.close(); // the failed handshake has been noted
      }
    }

    private void onHandshake(ChannelHandlerContext ctx, SslHandshakeCompletionEvent handshake) {
      SslHandler handler = ctx.pipeline().get(SslHandler.class);
      if (!handshake.isSuccess()) {
        attempt.failTls(handshake.cause());
        ctx.close();
        return;
      }
      String chosen = handler.applicationProtocol();
      attempt.tls(handler.engine().getSession().getProtocol(), chosen == null ? "none" : chosen);
      if (ApplicationProtocolNames.HTTP_2.equals(chosen)) {
        speak(ctx);
      } else {
        attempt.fail(ConnectionProblem.NO_ALPN);
        ctx.close();
      }
    }

    private void speak(ChannelHandlerContext ctx) {
      speaking = true;
      Http2FrameCodec codec =
          Http2FrameCodecBuilder.forClient()
              .gracefulShutdownTimeoutMillis(0)
              .validateHeaders(false)
              .build();
      ctx.pipeline().addLast(codec, attempt.probeConnection());
    }
  }
}
