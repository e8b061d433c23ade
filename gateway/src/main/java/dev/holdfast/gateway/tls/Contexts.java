package dev.holdfast.gateway.tls;

import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLException;

/**
 * The terms of every handshake: TLS 1.3 or 1.2 with the ciphers that HTTP/2 allows (RFC 9113, 9.2),
 * by the JDK's provider.
 */
final class Contexts {
  private static final String[] VERSIONS = {"TLSv1.3", "TLSv1.2"};

  private Contexts() {}

  static SslContext server(LiveContext.Keys keys, ClientAuth clients) throws IOException {
    LiveContext.Own own =
        keys.own().orElseThrow(() -> new IOException("a server without a certificate"));
    SslContextBuilder builder =
        SslContextBuilder.forServer(own.key(), own.array())
            .clientAuth(clients)
            .applicationProtocolConfig(
                offering(ApplicationProtocolNames.HTTP_2, ApplicationProtocolNames.HTTP_1_1));
    return built(builder, keys.authorities());
  }

  /** Its certificate must be for the name that the connection is made with (RFC 2818, 3.1). */
  static SslContext client(LiveContext.Keys keys) throws IOException {
    SslContextBuilder builder =
        SslContextBuilder.forClient()
            .endpointIdentificationAlgorithm("HTTPS")
            .applicationProtocolConfig(offering(ApplicationProtocolNames.HTTP_2));
    keys.own().ifPresent(own -> builder.keyManager(own.key(), own.array()));
    return built(builder, keys.authorities());
  }

  private static SslContext built(SslContextBuilder builder, List<X509Certificate> authorities)
      throws IOException {
    if (!authorities.isEmpty()) {
      builder.trustManager(authorities.toArray(X509Certificate[]::new));
    }
    try {
      return builder
          .sslProvider(SslProvider.JDK)
          .protocols(VERSIONS)
          .ciphers(Http2SecurityUtil.CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
          .build();
    } catch (SSLException | IllegalArgumentException e) {
      throw new IOException("certificate and key: not usable: " + e.getMessage(), e);
    }
  }

  /** Who offers protocols and none of these is refused (RFC 7301, 3.2). */
  private static ApplicationProtocolConfig offering(String... protocols) {
    return new ApplicationProtocolConfig(
        Protocol.ALPN,
        SelectorFailureBehavior.FATAL_ALERT,
        SelectedListenerFailureBehavior.ACCEPT,
        protocols);
  }
}
