package dev.holdfast.registry.etcd;

import dev.holdfast.registry.etcd.EtcdOptions.TlsFiles;
import io.grpc.Status;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The TLS settings, made again from their files when those have changed.
 *
 * <p>Files are looked at when a request is sent, at most once a second, so a rotated certificate is
 * in use soon after it is written and nothing watches in between. A new file that can't be used (it
 * may be half written) is reported once and the last good settings stay. On the scheduler only.
 */
final class EtcdTls {
  private static final Logger log = LoggerFactory.getLogger(EtcdTls.class);
  private static final Duration CHECK_INTERVAL = Duration.ofSeconds(1);
  private static final int MAX_FILE_BYTES = 1 << 20;

  private final TlsFiles files;
  private List<byte[]> seen;
  private SslContext context;
  private int version;
  private boolean checked;
  private @Nullable String reportedFailure;
  private long checkedAtNanos;

  /**
   * @throws IllegalArgumentException when a file can't be read or used
   */
  EtcdTls(TlsFiles files, Instant now) {
    this.files = files;
    this.seen = readAll();
    this.context = build(seen, now);
  }

  /** Counts how often the files have changed. */
  int version() {
    return version;
  }

  SslContext context() {
    return context;
  }

  /** Looks at the files again, if it is time. */
  void refresh(long nowNanos, Instant now) {
    if (checked && nowNanos - checkedAtNanos < CHECK_INTERVAL.toNanos()) {
      return;
    }
    checked = true;
    checkedAtNanos = nowNanos;
    try {
      List<byte[]> found = readAll();
      if (sameBytes(found, seen)) {
        return;
      }
      seen = found;
      context = build(found, now);
      version++;
      reportedFailure = null;
      log.info("event=etcd_tls_reloaded files={}", files);
    } catch (IllegalArgumentException e) {
      if (!Objects.equals(e.getMessage(), reportedFailure)) {
        reportedFailure = e.getMessage();
        log.warn("event=etcd_tls_reload_failed kept=last_good reason={}", reportedFailure);
      }
    }
  }

  /** Whether a connection failed because a certificate was refused, by either side. */
  static boolean isHandshakeFailure(@Nullable Throwable cause) {
    for (Throwable t = cause; t != null; t = t.getCause()) {
      if (t instanceof SSLException || t instanceof CertificateException) {
        return true;
      }
    }
    return false;
  }

  /** One sentence on a handshake that failed. */
  static String explain(Status status) {
    Throwable root = status.getCause();
    for (Throwable t = root; t != null; t = t.getCause()) {
      root = t;
      if (t instanceof CertificateExpiredException) {
        return "the member's certificate has expired (" + t.getMessage() + ")";
      }
    }
    return "the TLS handshake failed: " + (root == null ? status : root.getMessage());
  }

  private List<byte[]> readAll() {
    return List.of(read("ca", files.ca()), read("cert", files.cert()), read("key", files.key()));
  }

  private static byte[] read(String name, @Nullable Path path) {
    if (path == null) {
      return new byte[0];
    }
    try {
      if (Files.size(path) > MAX_FILE_BYTES) {
        throw new IllegalArgumentException(
            name + ": " + path + " (expected: at most " + MAX_FILE_BYTES + " bytes)");
      }
      return Files.readAllBytes(path);
    } catch (IOException e) {
      throw new IllegalArgumentException(name + ": " + path + " (expected: a readable file)", e);
    }
  }

  private SslContext build(List<byte[]> contents, Instant now) {
    byte[] ca = contents.get(0);
    byte[] cert = contents.get(1);
    byte[] key = contents.get(2);
    try {
      SslContextBuilder builder = GrpcSslContexts.forClient();
      if (files.ca() != null) {
        certificates("ca", files.ca(), ca);
        builder.trustManager(new ByteArrayInputStream(ca));
      }
      if (files.cert() != null) {
        requireValid(files.cert(), certificates("cert", files.cert(), cert), now);
        useKey(builder, cert, key);
      }
      return builder.build();
    } catch (SSLException e) {
      throw new IllegalArgumentException("tls: " + files + " (expected: usable PEM files)", e);
    }
  }

  private void useKey(SslContextBuilder builder, byte[] cert, byte[] key) {
    try {
      builder.keyManager(new ByteArrayInputStream(cert), new ByteArrayInputStream(key));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "key: " + files.key() + " (expected: the key of cert in PKCS#8, BEGIN PRIVATE KEY)", e);
    }
  }

  private static List<X509Certificate> certificates(
      String name, @Nullable Path path, byte[] bytes) {
    List<X509Certificate> found = new ArrayList<>();
    try {
      for (Certificate certificate :
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(bytes))) {
        if (certificate instanceof X509Certificate x509) {
          found.add(x509);
        }
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(
          name + ": " + path + " (expected: certificates in PEM)", e);
    }
    if (found.isEmpty()) {
      throw new IllegalArgumentException(name + ": " + path + " (expected: certificates in PEM)");
    }
    return found;
  }

  /** The server would say no more than "bad certificate", and after the handshake at that. */
  private static void requireValid(Path path, List<X509Certificate> chain, Instant now) {
    Instant end = chain.get(0).getNotAfter().toInstant();
    if (now.isAfter(end)) {
      throw new IllegalArgumentException(
          "cert: " + path + " expired at " + end + " (expected: a certificate that is valid now)");
    }
  }

  private static boolean sameBytes(List<byte[]> a, List<byte[]> b) {
    for (int i = 0; i < a.size(); i++) {
      if (!Arrays.equals(a.get(i), b.get(i))) {
        return false;
      }
    }
    return true;
  }
}
