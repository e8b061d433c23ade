package dev.holdfast.control;

import dev.holdfast.control.ControlOptions.TlsFiles;
import io.grpc.InsecureServerCredentials;
import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * What the server proves itself with, and whom it believes: read from files, and again when they
 * have changed; new connections use what was read last. Files that can't be used later leave what
 * there is.
 */
final class ServerKeys implements AutoCloseable {
  /** How often the files are looked at; gRPC wants a minute at least. */
  private static final Duration LOOK_INTERVAL = Duration.ofMinutes(1);

  private final ServerCredentials credentials;
  private final Runnable close;

  private ServerKeys(ServerCredentials credentials, Runnable close) {
    this.credentials = credentials;
    this.close = close;
  }

  /**
   * Reads the files.
   *
   * @param files plaintext without
   * @throws IllegalArgumentException when one can't be used
   */
  static ServerKeys of(Optional<TlsFiles> files) {
    if (files.isEmpty()) {
      return new ServerKeys(InsecureServerCredentials.create(), () -> {});
    }
    ScheduledExecutorService looks =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "holdfast-control-keys");
              thread.setDaemon(true);
              return thread;
            });
    boolean done = false;
    try {
      ServerCredentials credentials = credentials(files.get(), looks);
      done = true;
      return new ServerKeys(credentials, looks::shutdownNow);
    } finally {
      if (!done) {
        looks.shutdownNow();
      }
    }
  }

  private static ServerCredentials credentials(TlsFiles files, ScheduledExecutorService looks) {
    long seconds = LOOK_INTERVAL.toSeconds();
    try {
      AdvancedTlsX509KeyManager key = new AdvancedTlsX509KeyManager();
      var unused =
          key.updateIdentityCredentials(
              files.certificate().toFile(), files.key().toFile(), seconds, TimeUnit.SECONDS, looks);
      TlsServerCredentials.Builder credentials = TlsServerCredentials.newBuilder().keyManager(key);
      if (files.clientAuthority().isPresent()) {
        AdvancedTlsX509TrustManager trust =
            AdvancedTlsX509TrustManager.newBuilder()
                .setVerification(
                    AdvancedTlsX509TrustManager.Verification.CERTIFICATE_ONLY_VERIFICATION)
                .build();
        var unusedToo =
            trust.updateTrustCredentials(
                files.clientAuthority().get().toFile(), seconds, TimeUnit.SECONDS, looks);
        credentials.trustManager(trust).clientAuth(TlsServerCredentials.ClientAuth.REQUIRE);
      }
      return credentials.build();
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "tls: "
              + files
              + ": "
              + e.getMessage()
              + " (expected: readable PEM files, the key in"
              + " PKCS#8)",
          e);
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
