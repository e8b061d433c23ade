package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.PathProfile;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.InsecureChannelCredentials;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PathSettingTest {
  private final LoopbackTopology loopbackTopology = new LoopbackTopology();

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  @Test
  void aProfileADurationAndTheTwoWordsAreUnderstood() {
    assertThat(liveness("NLB")).contains(LivenessOptions.of(PathProfile.NLB));
    assertThat(liveness("aws-nat")).contains(LivenessOptions.of(PathProfile.AWS_NAT));
    assertThat(liveness("60s")).contains(LivenessOptions.ofPathIdleTimeout(Duration.ofMinutes(1)));
    assertThat(liveness("default")).contains(LivenessOptions.DEFAULT);
    assertThat(liveness(" Off ")).isEmpty();
    assertThat(PathSetting.liveness(Map.of())).contains(LivenessOptions.DEFAULT);
    assertThat(PathSetting.value(Map.of(PathSetting.VARIABLE, "  "))).isEmpty();
  }

  @Test
  void theIdleTimeoutOfThePathIsKnownWhereOneWasSaid() {
    assertThat(idleTimeout("nlb")).isEqualTo(PathProfile.NLB.idleTimeout()).isPresent();
    assertThat(idleTimeout("60s")).contains(Duration.ofMinutes(1));
    assertThat(idleTimeout("default")).isEmpty();
    assertThat(idleTimeout("off")).isEmpty();
    assertThat(PathSetting.idleTimeout(Map.of())).isEmpty();
    assertThatThrownBy(() -> idleTimeout("swamp")).hasMessageContaining("HOLDFAST_PATH: swamp");
  }

  @Test
  void whatMakesNoSenseSaysWhatWasExpected() {
    assertThatThrownBy(() -> liveness("swamp"))
        .hasMessageContaining("HOLDFAST_PATH: swamp (expected:")
        .hasMessageContaining("swarm");
    assertThatThrownBy(() -> liveness("0s")).hasMessageContaining("HOLDFAST_PATH: 0s (expected:");
  }

  @Test
  void theEnvironmentReachesTheBuildersAndTheirOwnSettingsCountMore() {
    Map<String, String> environment = Map.of(PathSetting.VARIABLE, "swamp");
    HoldfastChannelBuilder plain =
        HoldfastChannelBuilder.forTarget(
            LoopbackTopology.TARGET,
            InsecureChannelCredentials.create(),
            loopbackTopology.registriesWith(environment));
    assertThatThrownBy(plain::build).hasMessageContaining("HOLDFAST_PATH: swamp");
    HoldfastChannelBuilder own =
        HoldfastChannelBuilder.forTarget(
                LoopbackTopology.TARGET,
                InsecureChannelCredentials.create(),
                loopbackTopology.registriesWith(environment))
            .path(PathProfile.LAN);
    assertThat(loopbackTopology.channel(own)).isNotNull();
    assertThatThrownBy(
            () ->
                loopbackTopology
                    .server()
                    .registries(loopbackTopology.registriesWith(environment))
                    .build())
        .hasMessageContaining("HOLDFAST_PATH: swamp");
  }

  private static Optional<LivenessOptions> liveness(String said) {
    return PathSetting.liveness(Map.of(PathSetting.VARIABLE, said));
  }

  private static Optional<Duration> idleTimeout(String said) {
    return PathSetting.idleTimeout(Map.of(PathSetting.VARIABLE, said));
  }
}
