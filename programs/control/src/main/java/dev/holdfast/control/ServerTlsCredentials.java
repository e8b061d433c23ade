package dev.holdfast.control;

import dev.holdfast.control.ControlOptions.ServerTlsFiles;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.tls.PemKeys;
import dev.holdfast.core.tls.ReloadableFiles;
import io.grpc.InsecureServerCredentials;
import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import io.grpc.util.CertificateUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The TLS credentials of the server, reloaded from their files after changes. New connections use
 * the credentials read last. After a failed reload the previous ones stay in use.
 */
final class ServerTlsCredentials implements AutoCloseable {
  /** The interval between two checks of the files for changes. */
  private static final Duration CHECK_INTERVAL = Duration.ofMinutes(1);

  private final ServerCredentials credentials;
  private final Runnable close;

  private ServerTlsCredentials(ServerCredentials credentials, Runnable close) {
    this.credentials = credentials;
    this.close = close;
  }

  /**
   * Loads the credentials and starts to watch their files on a thread of their own.
   *
   * @param files empty for plain text
   * @throws IllegalArgumentException when a file can't be used
   */
  static ServerTlsCredentials of(Optional<ServerTlsFiles> files) {
    return files.isEmpty()
        ? new ServerTlsCredentials(InsecureServerCredentials.create(), () -> {})
        : of(files.get(), looksOfItsOwn());
  }

  private static ScheduledExecutorService looksOfItsOwn() {
    return Executors.newSingleThreadScheduledExecutor(
        task -> {
          Thread thread = new Thread(task, "holdfast-control-keys");
          thread.setDaemon(true);
          return thread;
        });
  }

  /**
   * Loads the credentials and starts to watch their files.
   *
   * @param checks the executor of the checks; shut down by {@link #close}
   * @throws IllegalArgumentException when a file can't be used
   */
  static ServerTlsCredentials of(ServerTlsFiles files, ScheduledExecutorService checks) {
    boolean done = false;
    try {
      ServerCredentials credentials = credentials(files, checks);
      done = true;
      return new ServerTlsCredentials(credentials, checks::shutdownNow);
    } finally {
      if (!done) {
        checks.shutdownNow();
      }
    }
  }

  private static ServerCredentials credentials(
      ServerTlsFiles files, ScheduledExecutorService checks) {
    AdvancedTlsX509KeyManager key = new AdvancedTlsX509KeyManager();
    TlsServerCredentials.Builder credentials = TlsServerCredentials.newBuilder().keyManager(key);
    List<ReloadableFiles> followed = new ArrayList<>();
    followed.add(
        new ReloadableFiles(
            List.of(files.certificate(), files.key()),
            contents -> {
              X509Certificate[] chain = certificates(contents.get(0));
              PrivateKey own =
                  CertificateUtils.getPrivateKey(new ByteArrayInputStream(contents.get(1)));
              requirePair(chain[0], own);
              key.updateIdentityCredentials(chain, own);
            }));
    if (files.clientAuthority().isPresent()) {
      AdvancedTlsX509TrustManager trust = trust();
      followed.add(
          new ReloadableFiles(
              List.of(files.clientAuthority().get()),
              contents -> trust.updateTrustCredentials(certificates(contents.get(0)))));
      credentials.trustManager(trust).clientAuth(TlsServerCredentials.ClientAuth.REQUIRE);
    }
    try {
      for (ReloadableFiles one : followed) {
        one.read();
      }
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "tls: "
              + files
              + ": "
              + IoErrorText.withFile(e)
              + " (expected: readable PEM files, the key in"
              + " PKCS#8)",
          e);
    }
    long seconds = CHECK_INTERVAL.toSeconds();
    var unused =
        checks.scheduleWithFixedDelay(
            () -> followed.forEach(ReloadableFiles::reloadIfChanged),
            seconds,
            seconds,
            TimeUnit.SECONDS);
    return credentials.build();
  }

  private static AdvancedTlsX509TrustManager trust() {
    try {
      return AdvancedTlsX509TrustManager.newBuilder()
          .setVerification(AdvancedTlsX509TrustManager.Verification.CERTIFICATE_ONLY_VERIFICATION)
          .build();
    } catch (CertificateException e) {
      throw new IllegalStateException("nothing is read here that could be wrong", e);
    }
  }

  /**
   * Parses certificates. An empty file is refused, because a file that is being written may be
   * empty, and no client would be trusted then.
   */
  private static X509Certificate[] certificates(byte[] pem) throws CertificateException {
    X509Certificate[] certificates =
        CertificateUtils.getX509Certificates(new ByteArrayInputStream(pem));
    if (certificates.length == 0) {
      throw new CertificateException("no certificate in it");
    }
    return certificates;
  }

  /** Two files are not replaced at once: a certificate may be there before its key. */
  private static void requirePair(X509Certificate certificate, PrivateKey key)
      throws GeneralSecurityException {
    if (!PemKeys.isPair(certificate, key)) {
      throw new GeneralSecurityException("the key is not that of the certificate");
    }
  }

  ServerCredentials credentials() {
    return credentials;
  }

  @Override
  public void close() {
    close.run();
  }
}
