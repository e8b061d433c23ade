package dev.holdfast.liveness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.core.PathProfile;
import dev.holdfast.liveness.LivenessOptions.TcpOptions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Options are derived from paths, and wrong ones say what was expected. */
class LivenessOptionsTest {

  @ParameterizedTest
  @EnumSource
  void everyProfileGetsThreeSignsOfLifeWithinItsTimeout(PathProfile path) {
    LivenessOptions options = LivenessOptions.of(path);
    Duration timeout = path.idleTimeout().orElse(Duration.ofDays(365));
    assertThat(options.idle().multipliedBy(3)).isLessThanOrEqualTo(timeout);
    assertThat(options.tcp().keepIdle().multipliedBy(3)).isLessThanOrEqualTo(timeout);
    assertThat(options.safeIdle().multipliedBy(2)).isLessThanOrEqualTo(timeout);
    assertThat(options.pingsEndAtHop()).isEqualTo(path.layer() == PathProfile.Layer.REQUESTS);
  }

  @Test
  void thePathOfTheLabIsWithinReach() {
    LivenessOptions options = LivenessOptions.ofPathIdleTimeout(Duration.ofSeconds(5));
    assertThat(options.safeIdle()).isEqualTo(Duration.ofMillis(2500));
    assertThat(options.tcp().keepIdle()).isEqualTo(Duration.ofSeconds(1));
    assertThat(options.idle()).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(2));
  }

  @Test
  void theKernelDoesNotGiveUpBeforeTheHardLimit() {
    LivenessOptions options =
        LivenessOptions.DEFAULT.withPatience(Duration.ofSeconds(20), Duration.ofSeconds(30));
    assertThat(options.tcp().userTimeout()).isEqualTo(options.hardLimit());
  }

  @Test
  void wrongValuesSayWhatWasExpected() {
    LivenessOptions options = LivenessOptions.DEFAULT;
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options.withProbing(Duration.ofMillis(5), Duration.ofSeconds(1)))
        .withMessage("idle: PT0.005S (expected: >= 1s)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options.withProbing(Duration.ofSeconds(5), Duration.ofMillis(5)))
        .withMessage("spacing: PT0.005S (expected: >= 1s)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options.withPatience(Duration.ofSeconds(1), Duration.ofSeconds(1)))
        .withMessage("window: PT1S (expected: >= spacing, PT10S)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options.withPatience(Duration.ofMinutes(1), Duration.ofSeconds(9)))
        .withMessage("hardLimit: PT9S (expected: >= window, PT1M)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options.withSafeIdle(Duration.ZERO))
        .withMessage("safeIdle: PT0S (expected: >= 100ms)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options.withConnectWithin(Duration.ofDays(3)))
        .withMessage("connectWithin: PT72H (expected: <= 24h)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options.withPingPermit(Duration.ZERO))
        .withMessage("pingPermit: PT0S (expected: >= 1s)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LivenessOptions.ofPathIdleTimeout(Duration.ofMillis(999)))
        .withMessage("idleTimeoutOfPath: PT0.999S (expected: >= 1s)");
  }

  @Test
  void wrongSocketOptionsSayWhatWasExpected() {
    Duration second = Duration.ofSeconds(1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TcpOptions(Duration.ofMillis(1500), second, 1, second))
        .withMessage("tcp.keepIdle: PT1.5S (expected: whole seconds, 1s to 32767s)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TcpOptions(second, second, 128, second))
        .withMessage("tcp.keepCount: 128 (expected: 1 to 127)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TcpOptions(second, second, 9, Duration.ZERO))
        .withMessage("tcp.userTimeout: PT0S (expected: >= 1s)");
  }
}
