package dev.holdfast.gateway.tls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.testkit.TestAuthority;
import dev.holdfast.core.testkit.VirtualClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateExpiryTest {
  private static final Duration LIFE = Duration.ofDays(90);

  @TempDir Path folder;

  @Test
  void theEndIsWarnedOfOncePerStageUntilAnotherIsInUse() throws Exception {
    VirtualClock clock = new VirtualClock();
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    Path file = Path.of("tls.crt");
    List<X509Certificate> chain = chain(clock.wallTime());
    List<CertificateLifetime.ExpiryStage> told = new ArrayList<>();
    try (CertificateExpiry life = new CertificateExpiry(file, chain, clock, meters)) {
      clock.jumpWall(LIFE.minusDays(15));
      assertThat(life.check()).isEmpty();
      assertThat(meters.get("holdfast.gateway.tls.expires").gauge().value())
          .isEqualTo((double) Duration.ofDays(15).toSeconds());

      for (Duration step : List.of(Duration.ofDays(2), Duration.ofHours(289), Duration.ofDays(1))) {
        clock.jumpWall(step);
        life.check().ifPresent(told::add);
        life.check().ifPresent(told::add);
      }
      assertThat(told)
          .containsExactly(
              CertificateLifetime.ExpiryStage.ENDING,
              CertificateLifetime.ExpiryStage.URGENT,
              CertificateLifetime.ExpiryStage.EXPIRED);
      assertThat(meters.get("holdfast.gateway.tls.expires").gauge().value()).isNegative();

      life.use(chain(clock.wallTime()));
      assertThat(life.check()).isEmpty();
    }
    assertThat(meters.find("holdfast.gateway.tls.expires").gauge()).isNull();
  }

  private List<X509Certificate> chain(Instant begin) throws Exception {
    Path issued =
        TestAuthority.create(folder, "authority")
            .issue(folder, "gate", begin, begin.plus(LIFE))
            .certificate()
            .toPath();
    return KeyFiles.authorities(issued);
  }
}
