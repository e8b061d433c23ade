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
final class CertificateLife implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(CertificateLife.class);

  private final Path file;
  private final Clock clock;
  private final Subscription gauge;
  private volatile Lifetime lifetime;
  private Lifetime.Stage told = Lifetime.Stage.FRESH;

  CertificateLife(Path file, List<X509Certificate> chain, Clock clock, MeterRegistry meters) {
    this.file = file;
    this.clock = clock;
    this.lifetime = lifetime(chain);
    this.gauge = GatewayMeter.TLS_EXPIRES.gauge(meters, this::leftSeconds, file.toString());
  }

  /** Another certificate is in use. */
  void use(List<X509Certificate> chain) {
    lifetime = lifetime(chain);
  }

  /**
   * Logs when it came nearer to its end; on one thread at a time.
   *
   * @return the stage that was logged
   */
  Optional<Lifetime.Stage> check() {
    Lifetime.Stage stage = lifetime.at(clock.wallTime());
    boolean nearer = stage.compareTo(told) > 0;
    told = stage;
    if (!nearer) {
      return Optional.empty();
    }
    log.warn(
        "event=tls_certificate_ending file=\"{}\" stage={} ends={}", file, stage, lifetime.end());
    return Optional.of(stage);
  }

  private long leftSeconds() {
    return Duration.between(clock.wallTime(), lifetime.end()).toSeconds();
  }

  private static Lifetime lifetime(List<X509Certificate> chain) {
    Instant begin = chain.get(0).getNotBefore().toInstant();
    return new Lifetime(begin, KeyFiles.end(chain));
  }

  @Override
  public void close() {
    gauge.close();
  }
}
