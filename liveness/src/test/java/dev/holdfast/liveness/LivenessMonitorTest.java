package dev.holdfast.liveness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.PathProfile;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The monitor cell by cell and rule by rule; simulations hold its guarantees. */
class LivenessMonitorTest {
  private static final LivenessOptions OPTIONS = LivenessOptions.DEFAULT;
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final KernelEvidence ACKED = kernel(0, 0, Duration.ZERO);
  private static final KernelEvidence TROUBLE = kernel(3, 2, Duration.ofMillis(600));

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
      OPENING,  TWIN,        OPENING
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
      LIVE,     TWIN,        LIVE
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
      PROBING,  TWIN,        PROBING
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
      SUSPECT,  TWIN,        SUSPECT
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
      CLOSED,   TWIN,        CLOSED
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
    TWIN,
    WRITTEN,
    TIMEOUT,
    EARLY,
    CLOSED
  }

  @ParameterizedTest
  @CsvSource(textBlock = TABLE)
  void everyCellOfTheTable(LivenessState from, Input input, LivenessState to) {
    MonitorBench bench = inState(from);
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

  private static void apply(MonitorBench bench, Input input) {
    switch (input) {
      case SETTINGS -> bench.monitor.onSettings(bench.nowNanos);
      case BYTES -> bench.bytes();
      case ANSWER -> bench.answer(SECOND);
      case TROUBLE -> bench.tell(TROUBLE);
      case ACK -> bench.tell(ACKED);
      case UNKNOWN -> bench.tell(KernelEvidence.UNKNOWN);
      case PROVE -> bench.prove();
      case TWIN -> {
        for (TwinState fate : TwinState.values()) {
          bench.twin(fate);
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
  private static MonitorBench inState(LivenessState state) {
    MonitorBench bench = new MonitorBench(OPTIONS, Role.SERVER, true);
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

  @Test
  void aLateAnswerIsForgivenUpToTheWindow() {
    MonitorBench bench = server();
    bench.pass(OPTIONS.idle()).pass(OPTIONS.window().minusMillis(1));
    assertThat(bench.state()).isEqualTo(LivenessState.SUSPECT);

    bench.bytes();

    assertThat(bench.state()).isEqualTo(LivenessState.LIVE);
    assertThat(bench.outputs).endsWith(LivenessOutput.PROVEN);
    assertThat(bench.count(LivenessOutput.PROBE)).isGreaterThan(3);
  }

  @Test
  void aPeerThatStaysSilentIsClosedAtTheEndOfTheWindow() {
    MonitorBench bench = server();
    bench.kernel = kernel(1, 5, Duration.ofMinutes(10));
    bench.pass(OPTIONS.idle()).pass(OPTIONS.window());
    assertThat(bench.state()).isEqualTo(LivenessState.CLOSED);
    assertThat(bench.monitor.why()).isEqualTo(CloseReason.PEER_SILENT);
    assertThat(bench.outputs).endsWith(LivenessOutput.CLOSE);
  }

  @Test
  void acksExtendPatienceUpToTheHardLimitAndNoLonger() {
    MonitorBench bench = server();
    bench.kernel = kernel(0, 0, Duration.ofMillis(20));
    bench.pass(OPTIONS.idle()).pass(OPTIONS.hardLimit().minusMillis(1));
    assertThat(bench.state()).isEqualTo(LivenessState.SUSPECT);
    bench.pass(Duration.ofMillis(1));
    assertThat(bench.state()).isEqualTo(LivenessState.CLOSED);
    assertThat(bench.monitor.why()).isEqualTo(CloseReason.PEER_STUCK);
  }

  @Test
  void theWindowBeginsAnewWithEachAck() {
    MonitorBench bench = server();
    bench.kernel = kernel(1, 3, Duration.ofDays(1));
    bench.pass(OPTIONS.idle()).pass(OPTIONS.window().minus(SECOND));
    bench.tell(kernel(1, 3, Duration.ZERO));
    bench.pass(OPTIONS.window().minusMillis(1));
    assertThat(bench.state()).isEqualTo(LivenessState.SUSPECT);
    bench.pass(Duration.ofMillis(1));
    assertThat(bench.monitor.why()).isEqualTo(CloseReason.PEER_STUCK);
  }

  @ParameterizedTest
  @EnumSource(names = {"CONNECTING", "UNREACHABLE"})
  void aSuspectWhoseTwinCantConnectEitherIsHeldUntilTheHardLimit(TwinState fate) {
    MonitorBench bench = server();
    bench.kernel = kernel(1, 9, Duration.ofDays(1));
    bench.pass(OPTIONS.idle().plus(OPTIONS.spacing()));
    bench.twin(fate);
    bench.pass(OPTIONS.hardLimit().minus(OPTIONS.spacing()).minusMillis(1));
    assertThat(bench.state()).isEqualTo(LivenessState.SUSPECT);
    bench.pass(Duration.ofMillis(1));
    assertThat(bench.monitor.why()).isEqualTo(CloseReason.PATH_DOWN);
  }

  @ParameterizedTest
  @EnumSource(names = {"READY", "REFUSED", "DROPPED"})
  void aSuspectWhosePathIsKnownToWorkEndsByTheWindow(TwinState fate) {
    MonitorBench bench = server();
    bench.kernel = kernel(1, 9, Duration.ofDays(1));
    bench.pass(OPTIONS.idle().plus(OPTIONS.spacing()));
    bench.twin(TwinState.CONNECTING);
    bench.twin(fate);
    assertThat(bench.state()).isEqualTo(LivenessState.SUSPECT);
    bench.pass(OPTIONS.window().minus(OPTIONS.spacing()));
    assertThat(bench.monitor.why()).isEqualTo(CloseReason.PEER_SILENT);
  }

  @Test
  void aVerdictThatOnlyTheTwinHeldBackIsNotTakenForAGapOfOurOwn() {
    MonitorBench bench = server();
    bench.kernel = kernel(1, 9, Duration.ofDays(1));
    bench.pass(OPTIONS.idle().plus(OPTIONS.spacing())).twin(TwinState.CONNECTING);
    bench.pass(OPTIONS.window().plus(SECOND.multipliedBy(20))).twin(TwinState.REFUSED);
    bench.pass(SECOND);
    assertThat(bench.monitor.why()).isEqualTo(CloseReason.PEER_SILENT);
  }

  @Test
  void unacknowledgedDataMakesASuspectWithinASecondAndWithoutAProbe() {
    MonitorBench bench = MonitorBench.live(OPTIONS, Role.CLIENT, true);
    bench.calls = 1;
    bench.write().pass(Duration.ofMillis(250)).tell(kernel(1, 1, Duration.ofMillis(250)));
    assertThat(bench.state()).isEqualTo(LivenessState.LIVE);
    bench.pass(Duration.ofMillis(500));
    assertThat(bench.count(LivenessOutput.READ_KERNEL)).isEqualTo(3);
    bench.tell(kernel(1, 2, Duration.ofMillis(750)));
    assertThat(bench.state()).isEqualTo(LivenessState.SUSPECT);
    assertThat(bench.monitor.why()).isEqualTo(CloseReason.DATA_UNACKED);
    assertThat(bench.count(LivenessOutput.PROBE)).isZero();
  }

  @Test
  void anAckClearsASuspicionThatOnlyTheKernelHad() {
    MonitorBench bench = MonitorBench.live(OPTIONS, Role.CLIENT, true);
    bench.calls = 1;
    bench.write().pass(SECOND).tell(TROUBLE).pass(SECOND);
    bench.tell(ACKED);
    assertThat(bench.state()).isEqualTo(LivenessState.LIVE);
    assertThat(bench.outputs).endsWith(LivenessOutput.PROVEN);
  }

  @Test
  void anAckIsNoAnswerToAPing() {
    MonitorBench bench = MonitorBench.live(OPTIONS, Role.CLIENT, true);
    bench.calls = 1;
    bench.pass(SECOND).callFrame().write().pass(SECOND).tell(TROUBLE);
    assertThat(bench.count(LivenessOutput.PROBE)).isEqualTo(1);
    bench.pass(SECOND).tell(ACKED);
    assertThat(bench.state()).isEqualTo(LivenessState.SUSPECT);
  }

  @Test
  void theKernelIsReadFourTimesASecondWhileBusyAndNotAtAllWhileIdle() {
    MonitorBench bench = MonitorBench.live(OPTIONS, Role.CLIENT, true);
    bench.kernel = ACKED;
    for (int i = 0; i < 100; i++) {
      bench.write().pass(Duration.ofMillis(50)).bytes();
    }
    assertThat(bench.count(LivenessOutput.READ_KERNEL)).isBetween(15, 20);
    bench.pass(SECOND);
    bench.outputs.clear();
    bench.pass(OPTIONS.idle().minus(SECOND.multipliedBy(2)));
    assertThat(bench.outputs).isEmpty();
  }

  @Test
  void aConnectionThatWasSilentForLongProvesItselfByItsOneFreePing() {
    MonitorBench bench = MonitorBench.live(OPTIONS, Role.CLIENT, true);
    bench.pass(SECOND).callFrame().pass(Duration.ofMinutes(20));
    assertThat(bench.count(LivenessOutput.PROBE)).as("saved for this call").isZero();
    bench.prove();
    assertThat(bench.outputs).endsWith(LivenessOutput.PROBE);
    bench.pass(Duration.ofMillis(5)).answer(Duration.ofMillis(5));
    assertThat(bench.outputs).endsWith(LivenessOutput.PROVEN);
  }

  @Test
  void askingTwiceSendsOneProbeAndAnswersOnce() {
    MonitorBench bench = MonitorBench.live(OPTIONS, Role.CLIENT, true);
    bench.pass(SECOND).callFrame().pass(Duration.ofMinutes(1)).prove().prove().prove();
    assertThat(bench.count(LivenessOutput.PROBE)).isEqualTo(1);
    bench.answer(SECOND);
    assertThat(bench.count(LivenessOutput.PROVEN)).isEqualTo(1);
  }

  @Test
  void aProofThatIsNotNeededIsGivenAtOnce() {
    MonitorBench bench = MonitorBench.live(OPTIONS, Role.CLIENT, true);
    bench.prove();
    assertThat(bench.outputs).containsExactly(LivenessOutput.PROVEN);
  }

  @Test
  void withoutAFreePingTheKernelIsMadeToAsk() {
    MonitorBench bench = MonitorBench.live(OPTIONS, Role.CLIENT, true);
    bench.pass(Duration.ofMinutes(1)).prove();
    assertThat(bench.outputs).endsWith(LivenessOutput.NUDGE);
    bench.kernel = kernel(0, 0, Duration.ofMillis(3));
    bench.pass(Duration.ofMillis(20));
    assertThat(bench.state()).isEqualTo(LivenessState.LIVE);
    assertThat(bench.outputs).endsWith(LivenessOutput.READ_KERNEL, LivenessOutput.PROVEN);
    assertThat(bench.count(LivenessOutput.PROBE)).isZero();
  }

  @Test
  void aNudgeWithoutAnAckMakesASuspectAfterAFewRoundTrips() {
    MonitorBench bench = MonitorBench.live(OPTIONS, Role.CLIENT, true);
    bench.kernel = kernel(0, 0, Duration.ofMinutes(1));
    bench.pass(Duration.ofMinutes(1)).prove().pass(SECOND);
    assertThat(bench.monitor.why()).isEqualTo(CloseReason.PROOF_MISSED);
  }

  @Test
  void withoutAnythingToAskATwinIsRacedAtOnceAndTheOldOneIsNotCondemned() {
    MonitorBench bench = MonitorBench.live(OPTIONS, Role.CLIENT, false);
    bench.pass(Duration.ofMinutes(1)).prove();
    assertThat(bench.monitor.why()).isEqualTo(CloseReason.PROOF_MISSED);
    bench.twin(TwinState.READY).pass(Duration.ofHours(2));
    assertThat(bench.state()).isEqualTo(LivenessState.SUSPECT);
  }

  @Test
  void withoutAKernelSilenceAfterAWriteIsProbed() {
    MonitorBench bench = MonitorBench.live(OPTIONS, Role.CLIENT, false);
    bench.calls = 1;
    bench.pass(SECOND).callFrame().write().pass(SECOND);
    assertThat(bench.state()).isEqualTo(LivenessState.PROBING);
    bench.pass(SECOND);
    assertThat(bench.monitor.why()).isEqualTo(CloseReason.PROBE_MISSED);
  }

  @Test
  void aMonthWithoutCallsCostsADefaultServerNoPing() {
    MonitorBench bench = MonitorBench.live(OPTIONS, Role.CLIENT, true);
    bench.kernel = kernel(0, 0, Duration.ofSeconds(30));
    bench.pass(Duration.ofDays(30));
    assertThat(bench.count(LivenessOutput.PROBE)).isZero();
    assertThat(bench.state()).isEqualTo(LivenessState.LIVE);
  }

  @Test
  void aQuietHeldStreamIsProbedAsOftenAsADefaultServerPermits() {
    MonitorBench bench = MonitorBench.live(OPTIONS, Role.CLIENT, true);
    bench.calls = 1;
    for (int i = 0; i < 3600; i++) {
      int before = bench.count(LivenessOutput.PROBE);
      bench.pass(SECOND);
      if (bench.count(LivenessOutput.PROBE) > before) {
        bench.answer(Duration.ofMillis(1));
      }
    }
    assertThat(bench.count(LivenessOutput.PROBE)).isBetween(9, 11);
  }

  @Test
  void aSuspectThatMayNotBePingedAgainIsAskedByTheKernelSoThatThereAreAcksToCome() {
    MonitorBench bench = MonitorBench.live(OPTIONS, Role.CLIENT, true);
    bench.calls = 1;
    bench.pass(SECOND).callFrame();
    bench.pass(OPTIONS.idle().plus(OPTIONS.window()));
    assertThat(bench.count(LivenessOutput.PROBE)).isEqualTo(1);
    assertThat(bench.count(LivenessOutput.NUDGE)).isBetween(8, 9);
  }

  @Test
  void aGapOfOurOwnIsNotThePeersSilence() {
    MonitorBench bench = server();
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
    MonitorBench bench = server();
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
    MonitorBench bench = MonitorBench.live(nginx, Role.SERVER, true);
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
    assertThat(bench.monitor.why()).isEqualTo(CloseReason.HOP_ANSWERS_ALONE);
    assertThat(bench.state()).isEqualTo(LivenessState.CLOSED);
  }

  @Test
  void aCallFrameFromBeyondTheHopClearsIt() {
    LivenessOptions nginx = LivenessOptions.of(PathProfile.NGINX);
    MonitorBench bench = MonitorBench.live(nginx, Role.SERVER, true);
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

  private static MonitorBench server() {
    return MonitorBench.live(OPTIONS, Role.SERVER, true);
  }

  private static KernelEvidence kernel(long unacked, int retransmits, Duration ackAge) {
    return new KernelEvidence(
        unacked, retransmits, 0, ackAge.toNanos(), Duration.ofMillis(10).toNanos());
  }
}
