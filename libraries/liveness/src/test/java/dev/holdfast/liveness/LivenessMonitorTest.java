package dev.holdfast.liveness;

import static dev.holdfast.liveness.LivenessMonitorHarness.ACKED;
import static dev.holdfast.liveness.LivenessMonitorHarness.TROUBLE;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The monitor cell by cell. Rules that span inputs are in {@link LivenessEvidenceTest} and {@link
 * LivenessPatienceTest}; simulations hold its guarantees.
 */
class LivenessMonitorTest {
  private static final LivenessOptions OPTIONS = LivenessOptions.DEFAULT;
  private static final Duration SECOND = Duration.ofSeconds(1);

  /** What a machine in a state makes of an input; the table stands at LivenessState. */
  private static final String TABLE =
      """
      OPENING,  SETTINGS,    LIVE
      OPENING,  BYTES,       OPENING
      OPENING,  ANSWER,      OPENING
      OPENING,  TROUBLE,     OPENING
      OPENING,  ACK,         OPENING
      OPENING,  UNKNOWN,     OPENING
      OPENING,  PROVE,       OPENING
      OPENING,  REPLACEMENT,  OPENING
      OPENING,  WRITTEN,     OPENING
      OPENING,  TIMEOUT,     CLOSED
      OPENING,  EARLY,       OPENING
      OPENING,  CLOSED,      CLOSED
      LIVE,     SETTINGS,    LIVE
      LIVE,     BYTES,       LIVE
      LIVE,     ANSWER,      LIVE
      LIVE,     TROUBLE,     SUSPECT
      LIVE,     ACK,         LIVE
      LIVE,     UNKNOWN,     LIVE
      LIVE,     PROVE,       PROBING
      LIVE,     REPLACEMENT,  LIVE
      LIVE,     WRITTEN,     LIVE
      LIVE,     TIMEOUT,     PROBING
      LIVE,     EARLY,       LIVE
      LIVE,     CLOSED,      CLOSED
      PROBING,  SETTINGS,    PROBING
      PROBING,  BYTES,       LIVE
      PROBING,  ANSWER,      LIVE
      PROBING,  TROUBLE,     SUSPECT
      PROBING,  ACK,         PROBING
      PROBING,  UNKNOWN,     PROBING
      PROBING,  PROVE,       SUSPECT
      PROBING,  REPLACEMENT,  PROBING
      PROBING,  WRITTEN,     PROBING
      PROBING,  TIMEOUT,     PROBING
      PROBING,  EARLY,       PROBING
      PROBING,  CLOSED,      CLOSED
      SUSPECT,  SETTINGS,    SUSPECT
      SUSPECT,  BYTES,       LIVE
      SUSPECT,  ANSWER,      LIVE
      SUSPECT,  TROUBLE,     SUSPECT
      SUSPECT,  ACK,         SUSPECT
      SUSPECT,  UNKNOWN,     SUSPECT
      SUSPECT,  PROVE,       SUSPECT
      SUSPECT,  REPLACEMENT,  SUSPECT
      SUSPECT,  WRITTEN,     SUSPECT
      SUSPECT,  TIMEOUT,     SUSPECT
      SUSPECT,  EARLY,       SUSPECT
      SUSPECT,  CLOSED,      CLOSED
      CLOSED,   SETTINGS,    CLOSED
      CLOSED,   BYTES,       CLOSED
      CLOSED,   ANSWER,      CLOSED
      CLOSED,   TROUBLE,     CLOSED
      CLOSED,   ACK,         CLOSED
      CLOSED,   UNKNOWN,     CLOSED
      CLOSED,   PROVE,       CLOSED
      CLOSED,   REPLACEMENT,  CLOSED
      CLOSED,   WRITTEN,     CLOSED
      CLOSED,   TIMEOUT,     CLOSED
      CLOSED,   EARLY,       CLOSED
      CLOSED,   CLOSED,      CLOSED
      """;

  private enum Input {
    SETTINGS,
    BYTES,
    ANSWER,
    TROUBLE,
    ACK,
    UNKNOWN,
    PROVE,
    REPLACEMENT,
    WRITTEN,
    TIMEOUT,
    EARLY,
    CLOSED
  }

  @ParameterizedTest
  @CsvSource(textBlock = TABLE)
  void everyCellOfTheTable(LivenessState from, Input input, LivenessState to) {
    LivenessMonitorHarness bench = inState(from);
    bench.outputs.clear();
    apply(bench, input);
    assertThat(bench.state()).isEqualTo(to);
    assertThat(bench.count(LivenessOutput.SUSPECT))
        .isEqualTo(to == LivenessState.SUSPECT && from != to ? 1 : 0);
    assertThat(bench.count(LivenessOutput.CLOSE))
        .isEqualTo(to == LivenessState.CLOSED && from != to && input != Input.CLOSED ? 1 : 0);
    assertThat(bench.count(LivenessOutput.PROVEN))
        .isEqualTo(from == LivenessState.SUSPECT && to == LivenessState.LIVE ? 1 : 0);
  }

  private static void apply(LivenessMonitorHarness bench, Input input) {
    switch (input) {
      case SETTINGS -> bench.monitor.onSettings(bench.nowNanos);
      case BYTES -> bench.bytes();
      case ANSWER -> bench.answer(SECOND);
      case TROUBLE -> bench.tell(TROUBLE);
      case ACK -> bench.tell(ACKED);
      case UNKNOWN -> bench.tell(TcpInfo.UNKNOWN);
      case PROVE -> bench.prove();
      case REPLACEMENT -> {
        for (ReplacementState fate : ReplacementState.values()) {
          bench.replacement(fate);
        }
      }
      case WRITTEN -> bench.write();
      case TIMEOUT -> {
        bench.nowNanos = bench.monitor.nextDeadlineNanos();
        bench.sleep(Duration.ZERO);
      }
      case EARLY -> {
        bench.nowNanos = bench.monitor.nextDeadlineNanos() - 1;
        bench.sleep(Duration.ZERO);
      }
      case CLOSED -> bench.monitor.onClosed();
    }
  }

  /** With the silence that makes a call want a proof. */
  private static LivenessMonitorHarness inState(LivenessState state) {
    LivenessMonitorHarness bench = new LivenessMonitorHarness(OPTIONS, ConnectionRole.SERVER, true);
    if (state == LivenessState.OPENING) {
      return bench;
    }
    bench.monitor.onSettings(bench.nowNanos);
    bench.bytes();
    switch (state) {
      case LIVE -> bench.pass(OPTIONS.idle().minus(SECOND));
      case PROBING -> bench.pass(OPTIONS.idle().plus(SECOND.multipliedBy(2)));
      case SUSPECT -> bench.pass(OPTIONS.idle().plus(OPTIONS.spacing()));
      case CLOSED -> bench.monitor.onClosed();
      case OPENING -> {}
    }
    assertThat(bench.state()).isEqualTo(state);
    return bench;
  }
}
