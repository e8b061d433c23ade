package dev.holdfast.gateway.tls;

import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.OpenSslSessionTicketKey;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.io.IOException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLException;

/**
 * Factory of TLS contexts: TLS 1.3 and 1.2 with the ciphers that HTTP/2 permits (RFC 9113, 9.2), by
 * the {@link TlsLibrary} of the process.
 */
final class TlsContextFactory {
  static final SslProvider PROVIDER = TlsLibrary.ofProcess().provider();

  /** The ALPN protocols of a listener, the preferred one first. */
  static final List<String> SERVED =
      List.of(ApplicationProtocolNames.HTTP_2, ApplicationProtocolNames.HTTP_1_1);

  private static final SecureRandom RANDOM = new SecureRandom();

  private static final String[] VERSIONS = {"TLSv1.3", "TLSv1.2"};

  private TlsContextFactory() {}

  /**
   * The server context of a listener.
   *
   * @param provider the JDK's where connections may half-close: Netty's engine on BoringSSL closes
   *     both directions on the first close_notify
   */
  static SslContext server(
      ReloadableTlsContext.KeyMaterial keyMaterial, ClientAuth clients, SslProvider provider)
      throws IOException {
    ReloadableTlsContext.CertificateAndKey certificateAndKey =
        keyMaterial.own().orElseThrow(() -> new IOException("a server without a certificate"));
    SslContextBuilder builder =
        SslContextBuilder.forServer(certificateAndKey.key(), certificateAndKey.array())
            .clientAuth(clients)
            .applicationProtocolConfig(offering(provider, SERVED.toArray(String[]::new)));
    SslContext context = built(builder, provider, keyMaterial.authorities());
    if (context.sessionContext() instanceof OpenSslSessionContext sessions) {
      // Without keys of its own BoringSSL resumes no session of TLS 1.3.
      sessions.setTicketKeys(
          new OpenSslSessionTicketKey(
              random(OpenSslSessionTicketKey.NAME_SIZE),
              random(OpenSslSessionTicketKey.HMAC_KEY_SIZE),
              random(OpenSslSessionTicketKey.AES_KEY_SIZE)));
    }
    return context;
  }

  /**
   * The client context. The server's certificate must match the name that the connection is made
   * with (RFC 2818, 3.1).
   */
  static SslContext client(ReloadableTlsContext.KeyMaterial keyMaterial) throws IOException {
    SslContextBuilder builder =
        SslContextBuilder.forClient()
            .endpointIdentificationAlgorithm("HTTPS")
            .applicationProtocolConfig(offering(PROVIDER, ApplicationProtocolNames.HTTP_2));
    keyMaterial
        .own()
        .ifPresent(
            certificateAndKey ->
                builder.keyManager(certificateAndKey.key(), certificateAndKey.array()));
    return built(builder, PROVIDER, keyMaterial.authorities());
  }

  private static SslContext built(
      SslContextBuilder builder, SslProvider provider, List<X509Certificate> authorities)
      throws IOException {
    if (!authorities.isEmpty()) {
      builder.trustManager(authorities.toArray(X509Certificate[]::new));
    }
    try {
      return builder
          .sslProvider(provider)
          .protocols(VERSIONS)
          .ciphers(Http2SecurityUtil.CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
          .build();
    } catch (SSLException | IllegalArgumentException e) {
      throw new IOException("certificate and key: not usable: " + e.getMessage(), e);
    }
  }

  private static byte[] random(int bytes) {
    byte[] some = new byte[bytes];
    RANDOM.nextBytes(some);
    return some;
  }

  /**
   * The ALPN configuration. A client that offers only other protocols is rejected (RFC 7301, 3.2).
   */
  private static ApplicationProtocolConfig offering(SslProvider provider, String... protocols) {
    return new ApplicationProtocolConfig(
        Protocol.ALPN,
        provider == SslProvider.JDK
            ? SelectorFailureBehavior.FATAL_ALERT
            : SelectorFailureBehavior.NO_ADVERTISE,
        SelectedListenerFailureBehavior.ACCEPT,
        protocols);
  }
}
