package dev.holdfast.gateway.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CertificateLifetimeTest {
  private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

  /** Of a year, of three months, of a day and of an hour: how long before the end is what. */
  @ParameterizedTest
  @CsvSource({
    "8760, 337, FRESH", "8760, 335, ENDING", "8760, 25, ENDING", "8760, 23, URGENT",
    "2160, 337, FRESH", "2160, 335, ENDING", "2160, 23, URGENT", "2160, -1, EXPIRED",
    "24, 7, FRESH", "24, 5, ENDING", "24, 1, URGENT", "24, 0, URGENT",
    "1, 1, FRESH", "1, 0, URGENT", "1, -1, EXPIRED",
  })
  void isWarnedOfInTime(
      long lifeHours, long leftHours, CertificateLifetime.ExpiryStage expiryStage) {
    Instant end = BEGIN.plus(Duration.ofHours(lifeHours));
    CertificateLifetime certificateLifetime = new CertificateLifetime(BEGIN, end);
    assertThat(certificateLifetime.at(end.minus(Duration.ofHours(leftHours))))
        .isEqualTo(expiryStage);
  }
}
