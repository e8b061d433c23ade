package dev.holdfast.gateway.http2;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RapidResetsTest {
  private static final int STREAMS = 128;
  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

  private final RapidResets resets = new RapidResets(STREAMS);
  private long nowNanos = 5;

  @ParameterizedTest
  @ValueSource(longs = {20, 50, 100, 200, 1_000})
  void stormOfDeadlinesPasses(long timeoutMillis) {
    for (int i = 0; i < 20_000; i++) {
      nowNanos += MILLI / 2;
      // Its client's clock began a little before ours.
      assertThat(reset(timeoutMillis - 3, timeoutMillis)).isFalse();
    }
  }

  @Test
  void cancelsOfCallsWithoutDeadlinePassOnceTheyAreOldEnough() {
    for (int i = 0; i < 20_000; i++) {
      nowNanos += MILLI / 2;
      assertThat(reset(100, 0)).isFalse();
    }
  }

  @Test
  void everythingMayBeCancelledAtOnce() {
    for (int i = 0; i < 2 * STREAMS; i++) {
      assertThat(reset(0, 0)).isFalse();
    }
  }

  @Test
  void whoMayHaveManyStreamsMayCancelThemAll() {
    RapidResets wide = new RapidResets(10_000);
    for (int i = 0; i < 20_000; i++) {
      assertThat(wide.onReset(nowNanos, 0, 0)).isFalse();
    }
    assertThat(wide.onReset(nowNanos, 0, 0)).isTrue();
  }

  @Test
  void losersOfHedgedCallsPass() {
    for (int i = 0; i < 20_000; i++) {
      nowNanos += MILLI / 10;
      for (int loser = 0; loser < 3; loser++) {
        assertThat(reset(5, 0)).isFalse();
      }
      resets.onEnd();
    }
  }

  @Test
  void attackOfTenThousandASecondIsStoppedInAFewHundredths() {
    long before = nowNanos;
    while (!reset(0, 0)) {
      nowNanos += MILLI / 10;
      assertThat(nowNanos - before).isLessThan(60 * MILLI);
    }
  }

  @Test
  void deadlineThatIsClaimedOrFewAnswersDoNotHideAnAttack() {
    int stoppedAt = 0;
    for (int i = 1; i < 2_000 && stoppedAt == 0; i++) {
      nowNanos += MILLI / 10;
      if (i % 8 == 0) {
        resets.onEnd();
      }
      stoppedAt = reset(9, 1) ? i : 0;
    }
    assertThat(stoppedAt).isEqualTo(RapidResets.FREE + 1);
  }

  @Test
  void callsWithoutWorkForUpstreamsAreManyMoreBeforeTheyAreTooMany() {
    for (int i = 0; i < RapidResets.MAX_UNFORWARDED; i++) {
      assertThat(resets.onUnforwarded(nowNanos)).isFalse();
      resets.onEnd();
    }
    assertThat(resets.onUnforwarded(nowNanos)).isTrue();
  }

  @Test
  void someCallsThatFindNoRouteAmongOthersPass() {
    for (int i = 0; i < 2 * RapidResets.MAX_UNFORWARDED; i++) {
      assertThat(resets.onUnforwarded(nowNanos)).isFalse();
      resets.onEnd();
      resets.onEnd();
    }
  }

  /** Half of the calls meet no connection in their time: 90 cancels wear one out. */
  @Test
  void callsThatReachNoUpstreamHideNoAttack() {
    int stoppedAt = 0;
    for (int i = 1; i < 2_000 && stoppedAt == 0; i++) {
      nowNanos += MILLI / 10;
      assertThat(resets.onUnforwarded(nowNanos)).isFalse();
      resets.onEnd();
      stoppedAt = reset(2, 2) ? i : 0;
    }
    assertThat(stoppedAt).isEqualTo(RapidResets.FREE + 1);
  }

  @Test
  void whoWasToldToLeaveMayNotKnowYet() {
    for (int i = 0; i < RapidResets.FREE; i++) {
      assertThat(resets.onRefused()).isFalse();
    }
    assertThat(resets.onRefused()).isTrue();
  }

  @Test
  void forgetsAfterItsWindow() {
    for (int i = 0; i < 10 * RapidResets.FREE; i++) {
      nowNanos += RapidResets.WINDOW.toNanos() / RapidResets.FREE + 1;
      assertThat(reset(0, 0)).isFalse();
    }
  }

  private boolean reset(long ageMillis, long timeoutMillis) {
    boolean tooMany = resets.onReset(nowNanos, ageMillis * MILLI, timeoutMillis * MILLI);
    resets.onEnd();
    return tooMany;
  }
}
