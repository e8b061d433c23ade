package dev.holdfast.gateway.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Backoff;
import dev.holdfast.gateway.route.RetryPolicy;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import java.time.Duration;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RetryDelayTest {
  private static final RetryPolicy BUSY =
      new RetryPolicy(3, false, Set.of(GrpcStatusCode.UNAVAILABLE, GrpcStatusCode.ABORTED));
  private static final RetryPolicy IDEMPOTENT = new RetryPolicy(3, true, Set.of());
  private static final long MILLI = 1_000_000;
  private static final long NO_DEADLINE = Long.MAX_VALUE;

  @ParameterizedTest
  @CsvSource({"14, true", "10, true", "13, false", "0, false", "99, false", "x, false"})
  void statusesOfTheRouteAreTriedAgainAfterAPause(String status, boolean again) {
    long delay = delay(BUSY, 1, status, null, NO_DEADLINE);
    assertThat(delay >= 0).isEqualTo(again);
    assertThat(delay).isLessThanOrEqualTo(50 * MILLI);
  }

  @Test
  void nothingIsTriedAgainUnlessTheRouteSaysSo() {
    assertThat(delay(RetryPolicy.DEFAULT, 1, "14", null, NO_DEADLINE)).isNegative();
    assertThat(delay(RetryPolicy.DEFAULT, 1, "14", "5", NO_DEADLINE)).isNegative();
    assertThat(delay(IDEMPOTENT, 1, "14", null, NO_DEADLINE)).isNegative();
  }

  @Test
  void attemptsEnd() {
    assertThat(delay(BUSY, 2, "14", null, NO_DEADLINE)).isNotNegative();
    assertThat(delay(BUSY, 3, "14", null, NO_DEADLINE)).isNegative();
    assertThat(delay(BUSY, 3, "14", "5", NO_DEADLINE)).isNegative();
  }

  @Test
  void whatTheEndpointAsksForCountsWhateverTheStatus() {
    assertThat(delay(BUSY, 1, "13", "250", NO_DEADLINE)).isEqualTo(250 * MILLI);
    assertThat(delay(IDEMPOTENT, 1, "8", "0", NO_DEADLINE)).isZero();
    assertThat(delay(IDEMPOTENT, 1, "0", "0", NO_DEADLINE)).isNegative();
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "", "soon", "1.5", "60001", "9999999999"})
  void anythingElseForbidsAnotherAttempt(String pushback) {
    assertThat(delay(BUSY, 1, "14", pushback, NO_DEADLINE)).isNegative();
  }

  @Test
  void aPauseThatTheDeadlineDoesNotLeaveIsNone() {
    assertThat(delay(BUSY, 1, "14", "250", 251 * MILLI)).isEqualTo(250 * MILLI);
    assertThat(delay(BUSY, 1, "14", "250", 250 * MILLI)).isNegative();
  }

  private static long delay(
      RetryPolicy policy, int attempts, String status, @Nullable String pushback, long left) {
    Backoff backoff =
        new Backoff(
            new Backoff.BackoffOptions(Duration.ofMillis(50), Duration.ofSeconds(1)),
            new Random(3));
    return RetryDelay.delayNanos(policy, attempts, status, pushback, left, backoff);
  }
}
