package dev.holdfast.bench.liveness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.bench.liveness.Recovery.Call;
import dev.holdfast.bench.liveness.Recovery.RecoveryCallEnd;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RecoveryTest {
  private static final long CUT = Long.MAX_VALUE - 5;
  private static final long NOW = CUT + nanos(10_000);

  @Test
  void aConnectionIsOfUseAgainWithTheFirstAnswerAfterTheLastBadCall() {
    List<Call> calls =
        List.of(
            call(3_000, 3_001, RecoveryCallEnd.ANSWERED),
            call(100, 20_000, RecoveryCallEnd.FAILED),
            call(200, 203, RecoveryCallEnd.ANSWERED),
            call(1_000, 3_500, RecoveryCallEnd.ANSWERED),
            call(1_100, 2_500, RecoveryCallEnd.ANSWERED));
    assertThat(Recovery.afterNanos(calls, CUT, NOW)).hasValue(nanos(2_500));
  }

  @Test
  void aConnectionThatNeverNoticedIsOfUseWithItsFirstAnswer() {
    assertThat(Recovery.afterNanos(List.of(call(100, 101, RecoveryCallEnd.ANSWERED)), CUT, NOW))
        .hasValue(nanos(101));
  }

  @Test
  void callsOfBeforeAndCallsJustBegunDecideNothing() {
    List<Call> calls =
        List.of(
            call(-100, 9_000, RecoveryCallEnd.FAILED),
            call(100, 101, RecoveryCallEnd.ANSWERED),
            call(9_000, 10_000, RecoveryCallEnd.OPEN));
    assertThat(Recovery.afterNanos(calls, CUT, NOW)).hasValue(nanos(101));
    assertThat(Recovery.afterNanos(List.of(call(-100, -99, RecoveryCallEnd.ANSWERED)), CUT, NOW))
        .isEmpty();
    assertThat(Recovery.afterNanos(List.of(call(9_000, 9_001, RecoveryCallEnd.ANSWERED)), CUT, NOW))
        .isEmpty();
  }

  @Test
  void aConnectionWhoseLastCallsWaitOrFailIsNotOfUse() {
    Call good = call(100, 101, RecoveryCallEnd.ANSWERED);
    Call waiting = call(7_000, 10_000, RecoveryCallEnd.OPEN);
    Call failed = call(7_000, 7_001, RecoveryCallEnd.FAILED);
    assertThat(Recovery.afterNanos(List.of(good, waiting), CUT, NOW)).isEmpty();
    assertThat(Recovery.afterNanos(List.of(good, failed), CUT, NOW)).isEmpty();
  }

  @Test
  void aFewGoodCallsAfterABadOneProveNothingYet() {
    Call stuck = call(6_000, 10_000, RecoveryCallEnd.OPEN);
    assertThat(
            Recovery.afterNanos(
                List.of(stuck, call(6_100, 6_101, RecoveryCallEnd.ANSWERED)), CUT, NOW))
        .isEmpty();
    Call earlier = call(5_000, 9_000, RecoveryCallEnd.FAILED);
    assertThat(
            Recovery.afterNanos(
                List.of(earlier, call(5_100, 5_101, RecoveryCallEnd.ANSWERED)), CUT, NOW))
        .hasValue(nanos(5_101));
  }

  @Test
  void callsThatWaitLongerThanTwoSecondsAreStuckWhateverTheirEnd() {
    List<Call> calls =
        List.of(
            call(-100, 2_000, RecoveryCallEnd.ANSWERED),
            call(-9_000, -10, RecoveryCallEnd.FAILED),
            call(0, 2_001, RecoveryCallEnd.ANSWERED),
            call(0, 2_001, RecoveryCallEnd.OPEN),
            call(0, 2_000, RecoveryCallEnd.FAILED));
    assertThat(Recovery.stuck(calls, CUT)).isEqualTo(3);
  }

  private static Call call(long beganMillis, long endedMillis, RecoveryCallEnd recoveryCallEnd) {
    return new Call(CUT + nanos(beganMillis), CUT + nanos(endedMillis), recoveryCallEnd);
  }

  private static long nanos(long millis) {
    return TimeUnit.MILLISECONDS.toNanos(millis);
  }
}
