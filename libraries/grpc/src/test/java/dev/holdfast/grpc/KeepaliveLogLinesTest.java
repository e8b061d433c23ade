package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.testkit.LogLines;
import io.grpc.InsecureChannelCredentials;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** What the builder of a channel says of a path on which PINGs are not enough. */
@Isolated("it reads what a class logs, for whomever")
class KeepaliveLogLinesTest {
  private final LoopbackTopology loopbackTopology = new LoopbackTopology();

  @AfterEach
  void close() {
    loopbackTopology.close();
  }

  /** One test, because a finding is said once in a process. */
  @Test
  void aPathThatTheEnvironmentNamesIsCheckedAsOneThatTheCodeNamesAndSaidOnce() {
    BuilderKeepaliveLinter.forgetWhatWasSaid();
    try (LogLines log = new LogLines(BuilderKeepaliveLinter.class)) {
      loopbackTopology.channel(builder("off"));
      loopbackTopology.channel(builder("lan"));
      assertThat(log.all()).isEmpty();
      loopbackTopology.channel(builder("nginx"));
      assertThat(log.all())
          .singleElement()
          .asString()
          .startsWith("WARN event=keepalive_finding service=")
          .contains("KL-07");
      loopbackTopology.channel(builder("nginx"));
      assertThat(log.all()).hasSize(1);
    }
  }

  private HoldfastChannelBuilder builder(String path) {
    return HoldfastChannelBuilder.forTarget(
        LoopbackTopology.TARGET,
        InsecureChannelCredentials.create(),
        loopbackTopology.registriesWith(Map.of(PathSetting.VARIABLE, path)));
  }
}
