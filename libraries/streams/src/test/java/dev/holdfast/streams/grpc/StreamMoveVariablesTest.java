package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.streams.testkit.MemorySessionStore;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StreamMoveVariablesTest {
  @Test
  void withoutVariablesNothingMoves() {
    assertThat(options(Map.of()).isOn()).isFalse();
    assertThat(options(Map.of("HOLDFAST_STREAMS_REBALANCE", "off")).isOn()).isFalse();
  }

  @Test
  void theVariablesAreTheSettingsOfTheBuilder() {
    StreamMoveOptions options =
        options(Map.of("HOLDFAST_STREAMS_REBALANCE", "on", "HOLDFAST_STREAMS_MAX_AGE", "6h"));
    assertThat(options.rebalance()).isTrue();
    assertThat(options.maxAge()).isEqualTo(Duration.ofHours(6));
  }

  @Test
  void aWrongValueIsNamedWithWhatWasExpected() {
    refused(
        Map.of("HOLDFAST_STREAMS_REBALANCE", "yes"),
        "HOLDFAST_STREAMS_REBALANCE: \"yes\" (expected: on or off)");
    refused(
        Map.of("HOLDFAST_STREAMS_MAX_AGE", "10ms"),
        "HOLDFAST_STREAMS_MAX_AGE: 10ms (expected: 1s to 8760h)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ServerStreams.builder().maxStreamAge(Duration.ZERO))
        .withMessage("maxStreamAge: PT0S (expected: 1s to 8760h)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ServerStreams.builder().stickyHeader("not a header"));
  }

  private static void refused(Map<String, String> environment, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options(environment))
        .withMessage(message);
  }

  private static StreamMoveOptions options(Map<String, String> environment) {
    return StreamMoveVariables.apply(
            ServerStreams.builder().store(new MemorySessionStore()).tokenKey(new byte[16]),
            environment)
        .build()
        .moveOptions();
  }
}
