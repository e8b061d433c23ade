package dev.holdfast.gateway.tls;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import java.time.Instant;

/**
 * The lifetime of a certificate, for warnings before its expiry. Lifetimes vary from a day to a
 * year, and renewal is due after about two thirds. So the thresholds are fractions of the lifetime,
 * bounded by fixed times for long ones.
 */
@PureCore
record CertificateLifetime(Instant begin, Instant end) {
  @Limit(
      of = "rest of a certificate's life, at most, from which on its end is warned of",
      then = "event=tls_certificate_expiring in the log; a quarter of short lives")
  static final Duration EARLY = Duration.ofDays(14);

  @Limit(
      of = "rest of a certificate's life, at most, from which on its end is warned of again",
      then = "event=tls_certificate_expiring in the log; a twelfth of short lives")
  static final Duration LATE = Duration.ofDays(1);

  private static final int EARLY_PART = 4;
  private static final int LATE_PART = 12;

  /** The stages of a certificate, in the order of time. */
  enum ExpiryStage {
    /** Expiry is farther away than both thresholds. */
    FRESH,
    /** Expiry is near; the certificate should have been renewed. */
    ENDING,
    /** Expiry is imminent; the certificate must be renewed now. */
    URGENT,
    /** The certificate has expired; peers that verify it reject it. */
    EXPIRED
  }

  ExpiryStage at(Instant now) {
    Duration left = Duration.between(now, end);
    Duration life = Duration.between(begin, end);
    if (left.isNegative()) {
      return ExpiryStage.EXPIRED;
    }
    if (left.compareTo(least(LATE, life.dividedBy(LATE_PART))) < 0) {
      return ExpiryStage.URGENT;
    }
    return left.compareTo(least(EARLY, life.dividedBy(EARLY_PART))) < 0
        ? ExpiryStage.ENDING
        : ExpiryStage.FRESH;
  }

  private static Duration least(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }
}
