package dev.holdfast.gateway.tls;

import dev.holdfast.core.Clock;
import dev.holdfast.core.Subscription;
import dev.holdfast.gateway.limits.GatewayMeter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Shows how long the certificate in use is still good for, and warns before it is not. */
final class CertificateExpiry implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(CertificateExpiry.class);

  private final Path file;
  private final Clock clock;
  private final Subscription gauge;
  private volatile CertificateLifetime certificateLifetime;
  private CertificateLifetime.ExpiryStage told = CertificateLifetime.ExpiryStage.FRESH;

  CertificateExpiry(Path file, List<X509Certificate> chain, Clock clock, MeterRegistry meters) {
    this.file = file;
    this.clock = clock;
    this.certificateLifetime = lifetime(chain);
    this.gauge = GatewayMeter.TLS_EXPIRES.gauge(meters, this::leftSeconds, file.toString());
  }

  /** Another certificate is in use. */
  void use(List<X509Certificate> chain) {
    certificateLifetime = lifetime(chain);
  }

  /**
   * Logs when it came nearer to its end; on one thread at a time.
   *
   * @return the stage that was logged
   */
  Optional<CertificateLifetime.ExpiryStage> check() {
    CertificateLifetime.ExpiryStage expiryStage = certificateLifetime.at(clock.wallTime());
    boolean nearer = expiryStage.compareTo(told) > 0;
    told = expiryStage;
    if (!nearer) {
      return Optional.empty();
    }
    log.warn(
        "event=tls_certificate_expiring file=\"{}\" stage={} ends={}",
        file,
        expiryStage,
        certificateLifetime.end());
    return Optional.of(expiryStage);
  }

  private long leftSeconds() {
    return Duration.between(clock.wallTime(), certificateLifetime.end()).toSeconds();
  }

  private static CertificateLifetime lifetime(List<X509Certificate> chain) {
    Instant begin = chain.get(0).getNotBefore().toInstant();
    return new CertificateLifetime(begin, KeyFiles.end(chain));
  }

  @Override
  public void close() {
    gauge.close();
  }
}
