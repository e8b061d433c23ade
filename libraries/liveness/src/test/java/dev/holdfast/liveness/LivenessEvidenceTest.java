package dev.holdfast.liveness;

import static dev.holdfast.liveness.LivenessMonitorHarness.ACKED;
import static dev.holdfast.liveness.LivenessMonitorHarness.TROUBLE;
import static dev.holdfast.liveness.LivenessMonitorHarness.kernel;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.CloseReason;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Whom the monitor asks for a sign of life, when, and what it takes for one. */
class LivenessEvidenceTest {
  private static final LivenessOptions OPTIONS = LivenessOptions.DEFAULT;
  private static final Duration SECOND = Duration.ofSeconds(1);

  @Test
  void unacknowledgedDataMakesASuspectWithinASecondAndWithoutAProbe() {
    LivenessMonitorHarness bench =
        LivenessMonitorHarness.live(OPTIONS, ConnectionRole.CLIENT, true);
    bench.calls = 1;
    bench.write().pass(Duration.ofMillis(250)).tell(kernel(1, 1, Duration.ofMillis(250)));
    assertThat(bench.state()).isEqualTo(LivenessState.LIVE);
    bench.pass(Duration.ofMillis(500));
    assertThat(bench.count(LivenessOutput.READ_TCP_INFO)).isEqualTo(3);
    bench.tell(kernel(1, 2, Duration.ofMillis(750)));
    assertThat(bench.state()).isEqualTo(LivenessState.SUSPECT);
    assertThat(bench.monitor.closeReason()).isEqualTo(CloseReason.DATA_UNACKED);
    assertThat(bench.count(LivenessOutput.PROBE)).isZero();
  }

  @Test
  void aKernelThatSentSomethingTwiceIsReadAgainSoonSoThatTheThirdTimeIsSeen() {
    LivenessMonitorHarness bench =
        LivenessMonitorHarness.live(OPTIONS, ConnectionRole.CLIENT, true);
    bench.calls = 1;
    bench.kernel = kernel(1, 1, Duration.ofMillis(250));
    bench.write().pass(Duration.ofMillis(600));
    bench.kernel = TROUBLE;
    bench.pass(Duration.ofMillis(50));
    assertThat(bench.monitor.closeReason()).isEqualTo(CloseReason.DATA_UNACKED);
  }

  @Test
  void anAckClearsASuspicionThatOnlyTheKernelHad() {
    LivenessMonitorHarness bench =
        LivenessMonitorHarness.live(OPTIONS, ConnectionRole.CLIENT, true);
    bench.calls = 1;
    bench.write().pass(SECOND).tell(TROUBLE).pass(SECOND);
    bench.tell(ACKED);
    assertThat(bench.state()).isEqualTo(LivenessState.LIVE);
    assertThat(bench.outputs).endsWith(LivenessOutput.PROVEN);
  }

  @Test
  void anAckIsNoAnswerToAPing() {
    LivenessMonitorHarness bench =
        LivenessMonitorHarness.live(OPTIONS, ConnectionRole.CLIENT, true);
    bench.calls = 1;
    bench.pass(SECOND).callFrame().write().pass(SECOND).tell(TROUBLE);
    assertThat(bench.count(LivenessOutput.PROBE)).isEqualTo(1);
    bench.pass(SECOND).tell(ACKED);
    assertThat(bench.state()).isEqualTo(LivenessState.SUSPECT);
  }

  @Test
  void theKernelIsReadFourTimesASecondWhileBusyAndNotAtAllWhileIdle() {
    LivenessMonitorHarness bench =
        LivenessMonitorHarness.live(OPTIONS, ConnectionRole.CLIENT, true);
    bench.kernel = ACKED;
    for (int i = 0; i < 100; i++) {
      bench.write().pass(Duration.ofMillis(50)).bytes();
    }
    assertThat(bench.count(LivenessOutput.READ_TCP_INFO)).isBetween(15, 20);
    bench.pass(SECOND);
    bench.outputs.clear();
    bench.pass(OPTIONS.idle().minus(SECOND.multipliedBy(2)));
    assertThat(bench.outputs).isEmpty();
  }

  @Test
  void aConnectionThatWasSilentForLongProvesItselfByItsOneFreePing() {
    LivenessMonitorHarness bench =
        LivenessMonitorHarness.live(OPTIONS, ConnectionRole.CLIENT, true);
    bench.pass(SECOND).callFrame().pass(Duration.ofMinutes(20));
    assertThat(bench.count(LivenessOutput.PROBE)).as("saved for this call").isZero();
    bench.prove();
    assertThat(bench.outputs).endsWith(LivenessOutput.PROBE);
    bench.pass(Duration.ofMillis(5)).answer(Duration.ofMillis(5));
    assertThat(bench.outputs).endsWith(LivenessOutput.PROVEN);
  }

  @Test
  void askingTwiceSendsOneProbeAndAnswersOnce() {
    LivenessMonitorHarness bench =
        LivenessMonitorHarness.live(OPTIONS, ConnectionRole.CLIENT, true);
    bench.pass(SECOND).callFrame().pass(Duration.ofMinutes(1)).prove().prove().prove();
    assertThat(bench.count(LivenessOutput.PROBE)).isEqualTo(1);
    bench.answer(SECOND);
    assertThat(bench.count(LivenessOutput.PROVEN)).isEqualTo(1);
  }

  @Test
  void aProofThatIsNotNeededIsGivenAtOnce() {
    LivenessMonitorHarness bench =
        LivenessMonitorHarness.live(OPTIONS, ConnectionRole.CLIENT, true);
    bench.prove();
    assertThat(bench.outputs).containsExactly(LivenessOutput.PROVEN);
  }

  @Test
  void withoutAFreePingTheKernelIsMadeToAsk() {
    LivenessMonitorHarness bench =
        LivenessMonitorHarness.live(OPTIONS, ConnectionRole.CLIENT, true);
    bench.pass(Duration.ofMinutes(1)).prove();
    assertThat(bench.outputs).endsWith(LivenessOutput.TCP_KEEPALIVE_PROBE);
    bench.kernel = kernel(0, 0, Duration.ofMillis(3));
    bench.pass(Duration.ofMillis(20));
    assertThat(bench.state()).isEqualTo(LivenessState.LIVE);
    assertThat(bench.outputs).endsWith(LivenessOutput.READ_TCP_INFO, LivenessOutput.PROVEN);
    assertThat(bench.count(LivenessOutput.PROBE)).isZero();
  }

  @Test
  void aNudgeWithoutAnAckMakesASuspectAfterAFewRoundTrips() {
    LivenessMonitorHarness bench =
        LivenessMonitorHarness.live(OPTIONS, ConnectionRole.CLIENT, true);
    bench.kernel = kernel(0, 0, Duration.ofMinutes(1));
    bench.pass(Duration.ofMinutes(1)).prove().pass(SECOND);
    assertThat(bench.monitor.closeReason()).isEqualTo(CloseReason.PROOF_MISSED);
  }

  @Test
  void withoutAnythingToAskAReplacementIsRacedAtOnceAndTheOldOneIsNotCondemned() {
    LivenessMonitorHarness bench =
        LivenessMonitorHarness.live(OPTIONS, ConnectionRole.CLIENT, false);
    bench.pass(Duration.ofMinutes(1)).prove();
    assertThat(bench.monitor.closeReason()).isEqualTo(CloseReason.PROOF_MISSED);
    bench.replacement(ReplacementState.READY).pass(Duration.ofHours(2));
    assertThat(bench.state()).isEqualTo(LivenessState.SUSPECT);
  }

  @Test
  void withoutAKernelSilenceAfterAWriteIsProbed() {
    LivenessMonitorHarness bench =
        LivenessMonitorHarness.live(OPTIONS, ConnectionRole.CLIENT, false);
    bench.calls = 1;
    bench.pass(SECOND).callFrame().write().pass(SECOND);
    assertThat(bench.state()).isEqualTo(LivenessState.PROBING);
    bench.pass(SECOND);
    assertThat(bench.monitor.closeReason()).isEqualTo(CloseReason.PROBE_MISSED);
  }

  @Test
  void aMonthWithoutCallsCostsADefaultServerNoPing() {
    LivenessMonitorHarness bench =
        LivenessMonitorHarness.live(OPTIONS, ConnectionRole.CLIENT, true);
    bench.kernel = kernel(0, 0, Duration.ofSeconds(30));
    bench.pass(Duration.ofDays(30));
    assertThat(bench.count(LivenessOutput.PROBE)).isZero();
    assertThat(bench.state()).isEqualTo(LivenessState.LIVE);
  }

  @Test
  void aQuietHeldStreamIsProbedAsOftenAsADefaultServerPermits() {
    LivenessMonitorHarness bench =
        LivenessMonitorHarness.live(OPTIONS, ConnectionRole.CLIENT, true);
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
    LivenessMonitorHarness bench =
        LivenessMonitorHarness.live(OPTIONS, ConnectionRole.CLIENT, true);
    bench.calls = 1;
    bench.pass(SECOND).callFrame();
    bench.pass(OPTIONS.idle().plus(OPTIONS.window()));
    assertThat(bench.count(LivenessOutput.PROBE)).isEqualTo(1);
    assertThat(bench.count(LivenessOutput.TCP_KEEPALIVE_PROBE)).isBetween(8, 9);
  }

  /** A read ends the kernel's probing, so that the probe would never leave. */
  @Test
  void aSuspectsKernelHasTimeToProbeBeforeItIsRead() {
    LivenessMonitorHarness bench =
        LivenessMonitorHarness.live(OPTIONS, ConnectionRole.CLIENT, true);
    bench.calls = 1;
    bench.kernel = kernel(0, 0, Duration.ofMillis(1));
    bench.pass(SECOND).callFrame().pass(OPTIONS.idle());
    Duration step = Duration.ofMillis(5);
    Duration sinceProbe = OPTIONS.window();
    for (Duration at = Duration.ZERO; at.compareTo(OPTIONS.window()) < 0; at = at.plus(step)) {
      bench.outputs.clear();
      bench.pass(step);
      sinceProbe = sinceProbe.plus(step);
      if (bench.count(LivenessOutput.TCP_KEEPALIVE_PROBE) > 0) {
        sinceProbe = Duration.ZERO;
      }
      if (bench.count(LivenessOutput.READ_TCP_INFO) > 0) {
        assertThat(sinceProbe).as("at %s", at).isGreaterThanOrEqualTo(Duration.ofMillis(240));
      }
    }
    assertThat(bench.state()).isEqualTo(LivenessState.SUSPECT);
    assertThat(sinceProbe).as("it was probed").isLessThan(OPTIONS.spacing());
  }

  @Test
  void bytesFromBeforeTheMachineSleptAreNoProofAndTheFirstAfterItAre() {
    LivenessMonitorHarness bench =
        LivenessMonitorHarness.live(LivenessOptions.DEFAULT, ConnectionRole.CLIENT, true);
    bench.pass(Duration.ofMillis(20)).bytes().pass(Duration.ofMillis(20)).prove();
    assertThat(bench.state()).as("awake").isEqualTo(LivenessState.LIVE);
    bench.outputs.clear();

    bench.wokeNanos = bench.nowNanos;
    bench.prove();
    assertThat(bench.state()).isEqualTo(LivenessState.PROBING);
    assertThat(bench.count(LivenessOutput.PROVEN)).isZero();

    bench.pass(Duration.ofMillis(20)).bytes();
    assertThat(bench.count(LivenessOutput.PROVEN)).isEqualTo(1);
    bench.outputs.clear();
    bench.pass(Duration.ofMillis(20)).prove();
    assertThat(bench.outputs).as("once is enough").containsExactly(LivenessOutput.PROVEN);
  }

  @Test
  void aHeldStreamIsAskedAboutAsSoonAsTheMachineWokeAndHasItsUsualTimeToAnswer() {
    LivenessMonitorHarness bench =
        LivenessMonitorHarness.live(OPTIONS, ConnectionRole.CLIENT, true);
    bench.calls = 1;
    bench.pass(SECOND).callFrame().pass(SECOND).woke();
    assertThat(bench.outputs).containsExactly(LivenessOutput.PROBE);
    bench.kernel = kernel(1, 0, SECOND);
    bench.pass(OPTIONS.spacing().minusMillis(1));
    assertThat(bench.state()).isEqualTo(LivenessState.PROBING);
    bench.pass(Duration.ofMillis(1));
    assertThat(bench.state()).isEqualTo(LivenessState.SUSPECT);
  }

  @Test
  void whereNoPingMayBeSentAfterASleepTheKernelAsks() {
    LivenessMonitorHarness bench =
        LivenessMonitorHarness.live(OPTIONS, ConnectionRole.CLIENT, true);
    bench.calls = 1;
    bench.pass(SECOND).woke();
    assertThat(bench.outputs).containsExactly(LivenessOutput.TCP_KEEPALIVE_PROBE);
    bench.kernel = ACKED;
    bench.pass(SECOND);
    assertThat(bench.state()).isEqualTo(LivenessState.LIVE);

    LivenessMonitorHarness withoutKernel =
        LivenessMonitorHarness.live(OPTIONS, ConnectionRole.CLIENT, false);
    withoutKernel.calls = 1;
    withoutKernel.pass(SECOND).woke();
    assertThat(withoutKernel.outputs).isEmpty();
    assertThat(withoutKernel.state()).isEqualTo(LivenessState.LIVE);
  }

  @Test
  void aSleepAsksNobodyWithoutCallsNorWhoWasHeardSince() {
    LivenessMonitorHarness idle = LivenessMonitorHarness.live(OPTIONS, ConnectionRole.CLIENT, true);
    idle.pass(SECOND).callFrame().pass(SECOND).woke();
    assertThat(idle.outputs).as("its next call asks").isEmpty();

    LivenessMonitorHarness heard =
        LivenessMonitorHarness.live(OPTIONS, ConnectionRole.CLIENT, true);
    heard.calls = 1;
    heard.pass(SECOND).callFrame().woke();
    assertThat(heard.outputs).isEmpty();
  }
}
