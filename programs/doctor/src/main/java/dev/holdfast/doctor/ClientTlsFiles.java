package dev.holdfast.doctor;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.nio.file.Path;
import java.util.Optional;
import javax.net.ssl.SSLException;

/**
 * The PEM files of the client's TLS settings.
 *
 * @param ca the trusted authorities. The server's certificate is verified against them and against
 *     the authority of the calls, as clients do; empty: it is not verified, because nothing secret
 *     is sent
 * @param certificate the client's certificate, for servers that demand one; with {@code key}
 * @param key its private key, PKCS#8 without a password
 */
public record ClientTlsFiles(Optional<Path> ca, Optional<Path> certificate, Optional<Path> key) {
  /** No files: the server's certificate is not verified, and no client certificate is sent. */
  public static final ClientTlsFiles NONE =
      new ClientTlsFiles(Optional.empty(), Optional.empty(), Optional.empty());

  public ClientTlsFiles {
    if (certificate.isPresent() != key.isPresent()) {
      throw new IllegalArgumentException(
          "certificate, key: only "
              + (certificate.isPresent() ? "certificate" : "key")
              + " (expected: both, or none)");
    }
  }

  /** Whether any file is given, which implies TLS. */
  boolean isAny() {
    return ca.isPresent() || certificate.isPresent();
  }

  /**
   * Builds the SSL context from the files.
   *
   * @throws IllegalArgumentException naming the file that is missing or invalid
   */
  SslContext context() {
    SslContextBuilder builder =
        SslContextBuilder.forClient()
            .applicationProtocolConfig(
                new ApplicationProtocolConfig(
                    ApplicationProtocolConfig.Protocol.ALPN,
                    ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                    ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                    ApplicationProtocolNames.HTTP_2,
                    ApplicationProtocolNames.HTTP_1_1));
    trust(builder);
    identify(builder);
    try {
      return builder.build();
    } catch (SSLException e) {
      throw new IllegalArgumentException(
          "ca, certificate, key: " + this + " (expected: PEM files that TLS can use)", e);
    }
  }

  private void trust(SslContextBuilder builder) {
    if (ca.isEmpty()) {
      builder
          .trustManager(InsecureTrustManagerFactory.INSTANCE)
          .endpointIdentificationAlgorithm(null);
      return;
    }
    try {
      builder.trustManager(ca.get().toFile()).endpointIdentificationAlgorithm("HTTPS");
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "ca: " + ca.get() + " (expected: a readable PEM file of certificates)", e);
    }
  }

  private void identify(SslContextBuilder builder) {
    if (certificate.isEmpty() || key.isEmpty()) {
      return;
    }
    try {
      builder.keyManager(certificate.get().toFile(), key.get().toFile());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "certificate, key: "
              + certificate.get()
              + ", "
              + key.get()
              + " (expected: a readable PEM file of certificates, and one with their private key,"
              + " PKCS#8 without a password)",
          e);
    }
  }
}
