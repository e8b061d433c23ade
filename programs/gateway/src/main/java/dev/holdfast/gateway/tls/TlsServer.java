package dev.holdfast.gateway.tls;

import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.limits.GatewayMeter;
import dev.holdfast.gateway.limits.LogRateLimiter;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.SniHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.AsciiString;
import io.netty.util.Mapping;
import io.netty.util.concurrent.Future;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS for connections of clients. New handshakes use the files that were read last. Thread-safe.
 * The receiver closes it.
 */
public final class TlsServer implements AutoCloseable {
  /** The maximum length of a ClientHello where the server name selects the certificate. */
  @Limit(
      of = "bytes of a client's first message of TLS, where the name it asks for decides",
      then = "its connection is closed")
  public static final int MAX_HELLO_BYTES = 16_384;

  private static final Logger log = LoggerFactory.getLogger(TlsServer.class);

  private final ServerCertificates serverCertificates;
  private final ListenerTls.ClientCertForwarding clientCertForwarding;
  private final Executor work;
  private final Subscription use;
  private final Counter refused;
  private final LogRateLimiter refusals = new LogRateLimiter();

  /**
   * The certificates of a listener.
   *
   * @param first the default when no name matches
   * @param named by server name
   */
  record ServerCertificates(ReloadableTlsContext first, ServerNames<ReloadableTlsContext> named) {
    SslContext of(@Nullable String name) {
      return live(name).context();
    }

    SslContext halfClosing(@Nullable String name) {
      return live(name).halfClosing();
    }

    private ReloadableTlsContext live(@Nullable String name) {
      return named.find(name == null ? "" : name).orElse(first);
    }
  }

  TlsServer(
      ServerCertificates serverCertificates,
      ListenerTls.ClientCertForwarding clientCertForwarding,
      Executor work,
      Subscription use,
      MeterRegistry meters) {
    this.serverCertificates = serverCertificates;
    this.clientCertForwarding = clientCertForwarding;
    this.work = work;
    this.use = use;
    this.refused = GatewayMeter.TLS_REFUSED.counter(meters);
  }

  /**
   * The first handler of an accepted connection's pipeline. It may replace itself with an {@link
   * SslHandler} when the ClientHello has arrived.
   *
   * @param patience the timeout of the whole handshake
   * @param halfCloses whether the connection may half-close
   */
  public ChannelHandler handler(ByteBufAllocator allocator, Duration patience, boolean halfCloses) {
    boolean jdk = halfCloses || TlsContextFactory.PROVIDER == SslProvider.JDK;
    if (jdk && serverCertificates.named().isEmpty()) {
      return handler(serverCertificates.halfClosing(""), allocator, patience.toMillis());
    }
    return new ByName(
        jdk ? serverCertificates::halfClosing : serverCertificates::of, jdk, patience.toMillis());
  }

  private SslHandler handler(SslContext context, ByteBufAllocator allocator, long patienceMillis) {
    SslHandler handler = context.newHandler(allocator, work);
    handler.setHandshakeTimeoutMillis(patienceMillis);
    return handler;
  }

  /** The client certificate to forward to services; valid after the handshake. */
  public ForwardedClientCert forwardedClientCert(SSLSession session) {
    if (clientCertForwarding == ListenerTls.ClientCertForwarding.NONE) {
      return ForwardedClientCert.NONE;
    }
    String element = XfccFormatter.of(session).map(XfccFormatter::describe).orElse("");
    return element.isEmpty()
        ? ForwardedClientCert.NONE
        : new ForwardedClientCert(
            AsciiString.of(element),
            clientCertForwarding == ListenerTls.ClientCertForwarding.APPEND);
  }

  /** The names in the client's verified certificate; empty for none. Valid after the handshake. */
  public static String clientCertNames(SSLSession session) {
    return XfccFormatter.of(session).map(XfccFormatter::names).orElse("");
  }

  /** Counts a failed handshake. The log line is rate-limited. */
  public void onRefused(SocketAddress peer, Throwable cause) {
    refused.increment();
    int count = refusals.count();
    if (count > 0) {
      log.info(
          "event=tls_handshake_failed peer={} count={} reason=\"{}\"",
          peer,
          count,
          LogEscaper.escape(TlsFailureReason.describe(cause)));
    }
  }

  @Override
  public void close() {
    use.close();
  }

  /** Waits for the ClientHello to select the context by server name and to check ALPN. */
  private final class ByName extends SniHandler {
    private final long beganNanos = System.nanoTime();
    private final boolean jdk;

    ByName(Mapping<String, SslContext> contexts, boolean jdk, long patienceMillis) {
      super(contexts, MAX_HELLO_BYTES, patienceMillis);
      this.jdk = jdk;
    }

    @Override
    protected Future<SslContext> lookup(ChannelHandlerContext ctx, @Nullable ByteBuf hello)
        throws Exception {
      if (!jdk && hello != null && !ClientHelloAlpn.fit(hello, TlsContextFactory.SERVED)) {
        var unused = ctx.writeAndFlush(ClientHelloAlpn.alert());
        return ctx.executor()
            .newFailedFuture(new SSLHandshakeException("none of the client's protocols is known"));
      }
      return super.lookup(ctx, hello);
    }

    @Override
    protected SslHandler newSslHandler(SslContext context, ByteBufAllocator allocator) {
      long spentMillis = Duration.ofNanos(System.nanoTime() - beganNanos).toMillis();
      return handler(context, allocator, Math.max(1, handshakeTimeoutMillis - spentMillis));
    }
  }
}
