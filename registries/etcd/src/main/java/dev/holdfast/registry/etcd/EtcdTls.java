package dev.holdfast.registry.etcd;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.registry.etcd.EtcdOptions.EtcdTlsFiles;
import io.grpc.Status;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
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
 * The TLS settings, rebuilt when their files have changed.
 *
 * <p>Files are checked when a request is sent, at most once a second, so a rotated certificate is
 * in use soon after it is written, without a file watcher. Files are read and parsed on a thread
 * that may hang; requests go on with the current settings. A new file that can't be used (it may be
 * half written) is reported once, and the last good settings stay. Confined to the scheduler.
 */
final class EtcdTls {
  private static final Logger log = LoggerFactory.getLogger(EtcdTls.class);

  @Limit(
      of = "least time between two checks of certificate files",
      then = "what was read before stays in use")
  private static final Duration CHECK_INTERVAL = Duration.ofSeconds(1);

  /** After what time a read of the files that is not answered is reported. */
  @Limit(
      of = "time that a read of certificate files may take",
      then = "opening a registry fails; later the files last read stay in use")
  private static final Duration READ_TIMEOUT = Duration.ofSeconds(5);

  @Limit(of = "a certificate or key file", then = "a larger one is refused")
  private static final int MAX_FILE_BYTES = 1 << 20;

  /** The contents of the TLS files and the SSL context built from them. */
  private record Settings(List<byte[]> contents, SslContext context) {}

  private final EtcdTlsFiles files;
  private final Scheduler scheduler;
  private final BackgroundRead<Settings> look;

  /** Also read by the checking thread. */
  private volatile Settings settings;

  private int version;
  private boolean looking;
  private @Nullable String reportedFailure;
  private @Nullable Long lookedAtNanos;

  private EtcdTls(EtcdTlsFiles files, Scheduler scheduler, Settings first) {
    this.files = files;
    this.scheduler = scheduler;
    this.settings = first;
    this.look = new BackgroundRead<>(scheduler, () -> read(files, settings, scheduler));
  }

  /**
   * The settings as the files are now. Waits for them, for five seconds at most.
   *
   * @throws IllegalArgumentException when a file can't be read or used
   */
  static EtcdTls load(EtcdTlsFiles files, Scheduler scheduler) {
    try {
      return new EtcdTls(
          files, scheduler, BackgroundRead.await(() -> read(files, null, scheduler)));
    } catch (IOException e) {
      throw new IllegalArgumentException("tls: " + files + ": " + IoErrorText.withFile(e), e);
    }
  }

  /** Counts how often the files have changed. */
  int version() {
    return version;
  }

  SslContext context() {
    return settings.context();
  }

  /** Starts a check of the files, if one is due. */
  void refresh() {
    long nowNanos = scheduler.clock().nanoTime();
    if (looking || (lookedAtNanos != null && nowNanos - lookedAtNanos < CHECK_INTERVAL.toNanos())) {
      return;
    }
    looking = true;
    lookedAtNanos = nowNanos;
    look.request(READ_TIMEOUT, this::looked, this::failed);
  }

  private void looked(Settings found) {
    looking = false;
    reportedFailure = null;
    if (!found.equals(settings)) {
      settings = found;
      version++;
      log.info("event=etcd_tls_reloaded files=\"{}\"", files);
    }
  }

  private void failed(Exception cause) {
    looking = false;
    if (!Objects.equals(cause.getMessage(), reportedFailure)) {
      reportedFailure = cause.getMessage();
      log.warn(
          "event=etcd_tls_reload_failed kept=last_good files=\"{}\" reason=\"{}\"",
          files,
          LogEscaper.escape(reportedFailure));
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

  /** A one-sentence explanation of a failed TLS handshake, with its root cause. */
  static String explain(Status status) {
    Throwable cause = status.getCause();
    for (Throwable t = cause; t != null; t = t.getCause()) {
      if (t instanceof CertificateExpiredException) {
        return "the member's certificate has expired (" + t.getMessage() + ")";
      }
    }
    return "the TLS handshake failed: "
        + (cause == null ? status.getCode().toString() : IoErrorText.of(cause));
  }

  /** The settings that were known, when the files are as they were. */
  private static Settings read(EtcdTlsFiles files, @Nullable Settings known, Scheduler scheduler) {
    List<byte[]> contents =
        List.of(read("ca", files.ca()), read("cert", files.cert()), read("key", files.key()));
    if (known != null && sameBytes(contents, known.contents())) {
      return known;
    }
    return new Settings(contents, build(files, contents, scheduler.clock().wallTime()));
  }

  private static byte[] read(String name, @Nullable Path path) {
    if (path == null) {
      return new byte[0];
    }
    try {
      byte[] bytes;
      try (InputStream file = Files.newInputStream(path)) {
        bytes = file.readNBytes(MAX_FILE_BYTES + 1);
      }
      if (bytes.length > MAX_FILE_BYTES) {
        throw new IllegalArgumentException(
            name + ": " + path + " (expected: at most " + MAX_FILE_BYTES + " bytes)");
      }
      return bytes;
    } catch (IOException e) {
      throw new IllegalArgumentException(name + ": " + path + " (expected: a readable file)", e);
    }
  }

  private static SslContext build(EtcdTlsFiles files, List<byte[]> contents, Instant now) {
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
        useKey(builder, cert, files.key(), key);
      }
      return builder.build();
    } catch (SSLException e) {
      throw new IllegalArgumentException("tls: " + files + " (expected: usable PEM files)", e);
    }
  }

  private static void useKey(
      SslContextBuilder builder, byte[] cert, @Nullable Path path, byte[] key) {
    try {
      builder.keyManager(new ByteArrayInputStream(cert), new ByteArrayInputStream(key));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "key: " + path + " (expected: the key of cert in PKCS#8, BEGIN PRIVATE KEY)", e);
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
