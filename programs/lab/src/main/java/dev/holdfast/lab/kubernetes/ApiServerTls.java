package dev.holdfast.lab.kubernetes;

import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.io.File;
import java.util.Optional;
import javax.net.ssl.SSLException;

/**
 * The TLS settings of the server: its certificate, and the authority of client certificates.
 *
 * @param certificate PEM, the chain
 * @param key PEM, PKCS#8, without a password
 * @param clientAuthority PEM: a client certificate that this signed names a user; empty: none is
 *     asked for
 */
public record ApiServerTls(File certificate, File key, Optional<File> clientAuthority) {

  /** A server that asks for no client certificate. */
  public static ApiServerTls of(File certificate, File key) {
    return new ApiServerTls(certificate, key, Optional.empty());
  }

  /** The same, but client certificates signed by this count. */
  public ApiServerTls trusting(File authority) {
    return new ApiServerTls(certificate, key, Optional.of(authority));
  }

  /** A context that offers HTTP/2 by ALPN, or only HTTP/1.1. */
  SslContext context(boolean http2) {
    SslContextBuilder builder =
        SslContextBuilder.forServer(certificate, key)
            .sslProvider(SslProvider.JDK)
            .ciphers(Http2SecurityUtil.CIPHERS, SupportedCipherSuiteFilter.INSTANCE);
    clientAuthority.ifPresent(
        // A client without a certificate may have a token.
        authority -> builder.trustManager(authority).clientAuth(ClientAuth.OPTIONAL));
    if (http2) {
      builder.applicationProtocolConfig(
          new ApplicationProtocolConfig(
              ApplicationProtocolConfig.Protocol.ALPN,
              ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
              ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
              ApplicationProtocolNames.HTTP_2,
              ApplicationProtocolNames.HTTP_1_1));
    }
    try {
      return builder.build();
    } catch (SSLException e) {
      throw new IllegalStateException("tls: " + certificate + " (expected: PEM)", e);
    }
  }
}
