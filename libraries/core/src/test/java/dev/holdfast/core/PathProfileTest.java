package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The table of paths. */
class PathProfileTest {

  @ParameterizedTest
  @EnumSource
  void everyRowSaysWhatAndWhy(PathProfile path) {
    assertThat(path.description()).isNotBlank();
    assertThat(path.source()).isNotBlank();
    assertThat(path.idleTimeout().isPresent())
        .isEqualTo(path.expiry() != PathProfile.Expiry.NOTHING);
  }

  @Test
  void namesAreReadAsPeopleWriteThem() {
    assertThat(PathProfile.parse(" aws-nat ")).isSameAs(PathProfile.AWS_NAT);
    assertThat(PathProfile.parse("Swarm").idleTimeout()).contains(Duration.ofMinutes(15));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PathProfile.parse("swamp"))
        .withMessageStartingWith("path: swamp (expected: one of swarm, conntrack, nlb, ")
        .withMessageContaining("aws-nat")
        .withMessageEndingWith(", lan; did you mean swarm?)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PathProfile.parse("profile", "moon"))
        .withMessageStartingWith("profile: moon (expected: one of swarm, ")
        .withMessageEndingWith(", lan)");
  }
}
