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
  private final Town town = new Town();

  @AfterEach
  void close() {
    town.close();
  }

  /** One test, because a finding is said once in a process. */
  @Test
  void aPathThatTheEnvironmentNamesIsCheckedAsOneThatTheCodeNamesAndSaidOnce() {
    OwnKeepalive.forgetWhatWasSaid();
    try (LogLines log = new LogLines(OwnKeepalive.class)) {
      town.channel(builder("off"));
      town.channel(builder("lan"));
      assertThat(log.all()).isEmpty();
      town.channel(builder("nginx"));
      assertThat(log.all())
          .singleElement()
          .asString()
          .startsWith("WARN event=keepalive_doubtful service=")
          .contains("KL-07");
      town.channel(builder("nginx"));
      assertThat(log.all()).hasSize(1);
    }
  }

  private HoldfastChannelBuilder builder(String path) {
    return HoldfastChannelBuilder.forTarget(
        Town.TARGET,
        InsecureChannelCredentials.create(),
        town.registriesWith(Map.of(PathSetting.VARIABLE, path)));
  }
}
