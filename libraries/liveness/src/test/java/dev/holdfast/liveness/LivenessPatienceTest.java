package dev.holdfast.liveness;

import static dev.holdfast.liveness.LivenessMonitorHarness.ACKED;
import static dev.holdfast.liveness.LivenessMonitorHarness.kernel;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.PathProfile;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** For how long the monitor keeps a suspect, and what ends its patience. */
class LivenessPatienceTest {
  private static final LivenessOptions OPTIONS = LivenessOptions.DEFAULT;
  private static final Duration SECOND = Duration.ofSeconds(1);

  @Test
  void aLateAnswerIsForgivenUpToTheWindow() {
    LivenessMonitorHarness bench = server();
    bench.pass(OPTIONS.idle()).pass(OPTIONS.window().minusMillis(1));
    assertThat(bench.state()).isEqualTo(LivenessState.SUSPECT);

    bench.bytes();

    assertThat(bench.state()).isEqualTo(LivenessState.LIVE);
    assertThat(bench.outputs).endsWith(LivenessOutput.PROVEN);
    assertThat(bench.count(LivenessOutput.PROBE)).isGreaterThan(3);
  }

  @Test
  void aPeerThatStaysSilentIsClosedAtTheEndOfTheWindow() {
    LivenessMonitorHarness bench = server();
    bench.kernel = kernel(1, 5, Duration.ofMinutes(10));
    bench.pass(OPTIONS.idle()).pass(OPTIONS.window());
    assertThat(bench.state()).isEqualTo(LivenessState.CLOSED);
    assertThat(bench.monitor.closeReason()).isEqualTo(CloseReason.PEER_SILENT);
    assertThat(bench.outputs).endsWith(LivenessOutput.CLOSE);
  }

  @Test
  void acksExtendPatienceUpToTheHardLimitAndNoLonger() {
    LivenessMonitorHarness bench = server();
    bench.kernel = kernel(0, 0, Duration.ofMillis(20));
    bench.pass(OPTIONS.idle()).pass(OPTIONS.hardLimit().minusMillis(1));
    assertThat(bench.state()).isEqualTo(LivenessState.SUSPECT);
    bench.pass(Duration.ofMillis(1));
    assertThat(bench.state()).isEqualTo(LivenessState.CLOSED);
    assertThat(bench.monitor.closeReason()).isEqualTo(CloseReason.PEER_STUCK);
  }

  /** The ACKs of a busy machine's kernel are old when its event loop comes to the verdict. */
  @Test
  void aLateVerdictAtTheHardLimitNamesWhatThePeerDidUntilThen() {
    LivenessMonitorHarness bench = server();
    Duration half = SECOND.dividedBy(2);
    bench.kernel = kernel(0, 0, Duration.ofMillis(20));
    bench.pass(OPTIONS.idle());
    bench.pass(OPTIONS.hardLimit().minus(OPTIONS.window()).plus(half));
    bench.kernel = kernel(1, 3, Duration.ofDays(1));
    bench.pass(OPTIONS.window().minus(half).minusMillis(1));
    assertThat(bench.state()).isEqualTo(LivenessState.SUSPECT);
    bench.sleep(Duration.ofMillis(900)).pass(SECOND);
    assertThat(bench.state()).isEqualTo(LivenessState.CLOSED);
    assertThat(bench.monitor.closeReason()).isEqualTo(CloseReason.PEER_STUCK);
  }

  /** Else a busy event loop condemns a peer by a question that it has asked in the same turn. */
  @Test
  void aProbeThatLeavesLateCanBeAcknowledgedBeforeTheVerdict() {
    LivenessMonitorHarness acknowledged = lateAtTheEndOfTheWindow();
    assertThat(acknowledged.state()).isEqualTo(LivenessState.SUSPECT);
    acknowledged.kernel = kernel(0, 0, Duration.ofMillis(200));
    acknowledged.pass(OPTIONS.spacing());
    assertThat(acknowledged.state()).isEqualTo(LivenessState.SUSPECT);

    LivenessMonitorHarness silent = lateAtTheEndOfTheWindow();
    silent.pass(SECOND);
    assertThat(silent.monitor.closeReason()).isEqualTo(CloseReason.PEER_SILENT);
  }

  /** The probe at the end of the window leaves 900 ms late, and 400 ms behind that end. */
  private static LivenessMonitorHarness lateAtTheEndOfTheWindow() {
    LivenessMonitorHarness bench = server();
    Duration half = SECOND.dividedBy(2);
    bench.kernel = kernel(1, 3, Duration.ofDays(1));
    bench.pass(OPTIONS.idle().plus(half)).tell(kernel(1, 3, Duration.ZERO));
    bench.pass(OPTIONS.window().minus(half).minusMillis(1));
    return bench.sleep(Duration.ofMillis(901));
  }

  @Test
  void theWindowBeginsAnewWithEachAckAndWhoStopsToAcknowledgeIsSilent() {
    LivenessMonitorHarness bench = server();
    bench.kernel = kernel(1, 3, Duration.ofDays(1));
    bench.pass(OPTIONS.idle()).pass(OPTIONS.window().minus(SECOND));
    bench.tell(kernel(1, 3, Duration.ZERO));
    bench.pass(OPTIONS.window().minusMillis(1));
    assertThat(bench.state()).isEqualTo(LivenessState.SUSPECT);
    bench.pass(Duration.ofMillis(1));
    assertThat(bench.monitor.closeReason()).isEqualTo(CloseReason.PEER_SILENT);
  }

  @ParameterizedTest
  @EnumSource(names = {"CONNECTING", "UNREACHABLE"})
  void aSuspectWhoseReplacementCantConnectEitherIsHeldUntilTheHardLimit(ReplacementState fate) {
    LivenessMonitorHarness bench = server();
    bench.kernel = kernel(1, 9, Duration.ofDays(1));
    bench.pass(OPTIONS.idle().plus(OPTIONS.spacing()));
    bench.replacement(fate);
    bench.pass(OPTIONS.hardLimit().minus(OPTIONS.spacing()).minusMillis(1));
    assertThat(bench.state()).isEqualTo(LivenessState.SUSPECT);
    bench.pass(Duration.ofMillis(1));
    assertThat(bench.monitor.closeReason()).isEqualTo(CloseReason.PATH_DOWN);
  }

  @ParameterizedTest
  @EnumSource(names = {"READY", "REFUSED", "DROPPED"})
  void aSuspectWhosePathIsKnownToWorkEndsByTheWindow(ReplacementState fate) {
    LivenessMonitorHarness bench = server();
    bench.kernel = kernel(1, 9, Duration.ofDays(1));
    bench.pass(OPTIONS.idle().plus(OPTIONS.spacing()));
    bench.replacement(ReplacementState.CONNECTING);
    bench.replacement(fate);
    assertThat(bench.state()).isEqualTo(LivenessState.SUSPECT);
    bench.pass(OPTIONS.window().minus(OPTIONS.spacing()));
    assertThat(bench.monitor.closeReason()).isEqualTo(CloseReason.PEER_SILENT);
  }

  @Test
  void aVerdictThatOnlyTheReplacementHeldBackIsNotTakenForAGapOfOurOwn() {
    LivenessMonitorHarness bench = server();
    bench.kernel = kernel(1, 9, Duration.ofDays(1));
    bench.pass(OPTIONS.idle().plus(OPTIONS.spacing())).replacement(ReplacementState.CONNECTING);
    bench
        .pass(OPTIONS.window().plus(SECOND.multipliedBy(20)))
        .replacement(ReplacementState.REFUSED);
    bench.pass(SECOND);
    assertThat(bench.monitor.closeReason()).isEqualTo(CloseReason.PEER_SILENT);
  }

  @Test
  void aGapOfOurOwnIsNotThePeersSilence() {
    LivenessMonitorHarness bench = server();
    bench.kernel = kernel(1, 1, Duration.ofHours(8));
    bench.pass(OPTIONS.idle().plus(OPTIONS.spacing()));
    int probes = bench.count(LivenessOutput.PROBE);
    bench.sleep(Duration.ofHours(8));
    assertThat(bench.state()).isEqualTo(LivenessState.SUSPECT);
    assertThat(bench.count(LivenessOutput.PROBE)).isGreaterThan(probes);
    bench.pass(SECOND).bytes();
    assertThat(bench.state()).isEqualTo(LivenessState.LIVE);
  }

  @Test
  void aLoopThatIsAlwaysLateEndsTooInBoundedTime() {
    LivenessMonitorHarness bench = server();
    bench.kernel = kernel(1, 9, Duration.ofDays(1));
    Duration step = Duration.ofSeconds(12);
    long startNanos = bench.nowNanos;
    for (int i = 0; i < 100 && bench.state() != LivenessState.CLOSED; i++) {
      bench.sleep(step);
    }
    assertThat(bench.state()).isEqualTo(LivenessState.CLOSED);
    assertThat(Duration.ofNanos(bench.nowNanos - startNanos)).isLessThan(Duration.ofMinutes(4));
  }

  @Test
  void aHopThatAnswersAloneIsSuspectAfterTheHardLimitAndClosedAfterTwo() {
    LivenessOptions nginx = LivenessOptions.of(PathProfile.NGINX);
    LivenessMonitorHarness bench = LivenessMonitorHarness.live(nginx, ConnectionRole.SERVER, true);
    bench.calls = 1;
    bench.kernel = ACKED;
    bench.bytes();
    for (int i = 0; i < 601; i++) {
      bench.pass(SECOND).answer(Duration.ofMillis(1));
      if (i == 298) {
        assertThat(bench.state()).isEqualTo(LivenessState.LIVE);
      } else if (i == 301) {
        assertThat(bench.state()).isEqualTo(LivenessState.SUSPECT);
      }
    }
    assertThat(bench.monitor.closeReason()).isEqualTo(CloseReason.HOP_ANSWERS_ALONE);
    assertThat(bench.state()).isEqualTo(LivenessState.CLOSED);
  }

  @Test
  void aCallFrameFromBeyondTheHopClearsIt() {
    LivenessOptions nginx = LivenessOptions.of(PathProfile.NGINX);
    LivenessMonitorHarness bench = LivenessMonitorHarness.live(nginx, ConnectionRole.SERVER, true);
    bench.calls = 1;
    bench.kernel = ACKED;
    bench.bytes();
    for (int i = 0; i < 400; i++) {
      bench.pass(SECOND).answer(Duration.ofMillis(1));
    }
    assertThat(bench.state()).isEqualTo(LivenessState.SUSPECT);
    bench.pass(SECOND).callFrame();
    assertThat(bench.state()).isEqualTo(LivenessState.LIVE);
  }

  private static LivenessMonitorHarness server() {
    return LivenessMonitorHarness.live(OPTIONS, ConnectionRole.SERVER, true);
  }
}
