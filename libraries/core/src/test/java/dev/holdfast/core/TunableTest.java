package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TunableTest {
  private final TunableDuration ttl =
      new TunableDuration(
          "ttl", Duration.ofSeconds(1), Duration.ofHours(1), Duration.ofSeconds(10), "Life.");
  private final TunableNumber ratio = new TunableNumber("ratio", 0, 1, 0.2, "Part.");
  private final TunableChoice lease =
      new TunableChoice("lease", List.of("auto", "none"), "auto", "Lease.");

  @Test
  void timeIsReadCheckedAndDescribedByOneConstant() {
    assertThat(ttl.parse(Optional.of("2s"))).isEqualTo(Duration.ofSeconds(2));
    assertThat(ttl.parse(Optional.empty())).isEqualTo(Duration.ofSeconds(10));
    assertThat(ttl.require(Duration.ofHours(1))).isEqualTo(Duration.ofHours(1));
    assertThat(ttl.uriParameter())
        .isEqualTo(new RegistryProvider.UriParameter("ttl", "1s to 1h", "10s", "Life."));
  }

  @Test
  void timeOutOfBoundsIsRefusedByItsName() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ttl.parse(Optional.of("2h")))
        .withMessage("ttl: 2h (expected: 1s to 1h)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ttl.require(Duration.ofHours(2)))
        .withMessage("ttl: 2h (expected: 1s to 1h)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ttl.require(Duration.ofNanos(5)))
        .withMessage("ttl: PT0.000000005S (expected: 1s to 1h)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ttl.parse(Optional.of("2s"), Duration.ofSeconds(3)))
        .withMessage("ttl: 2s (expected: 3s to 1h)");
  }

  @Test
  void numberOutOfBoundsIsRefusedByItsName() {
    assertThat(ratio.require(1.0)).isEqualTo(1.0);
    assertThat(ratio.defaultText()).isEqualTo("0.2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ratio.require(1.5))
        .withMessage("ratio: 1.5 (expected: 0 to 1)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ratio.require(Double.NaN))
        .withMessageEndingWith("(expected: 0 to 1)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Endpoint.WEIGHT.require(0))
        .withMessage("weight: 0 (expected: 1 to 10000)");
  }

  @Test
  void unknownWordIsRefusedByItsName() {
    assertThat(lease.parse(Optional.of("none"))).contains("none");
    assertThat(lease.parse(Optional.empty())).isEmpty();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lease.parse(Optional.of("maybe")))
        .withMessage("lease: maybe (expected: auto or none)");
  }

  @Test
  void defaultOutOfItsOwnBoundsIsNoDefault() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TunableNumber("n", 1, 2, 3, ""))
        .withMessageContaining("defaultValue");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new TunableDuration("d", Duration.ZERO, Duration.ZERO, Duration.ofDays(1), ""))
        .withMessageContaining("defaultValue");
  }
}
