package dev.holdfast.liveness;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** No probe ever earns a fatal strike. */
class PingBudgetTest {
  private static final long MINUTE = Duration.ofMinutes(1).toNanos();

  private static PingBudget client() {
    return new PingBudget(0, LivenessOptions.DEFAULT, ConnectionRole.CLIENT);
  }

  @Test
  void aClientSendsOnePingPerCallFrame() {
    PingBudget budget = client();
    assertThat(budget.mayPing(1, true)).isFalse();
    budget.onCallFrame(2);
    assertThat(budget.mayPing(3, true)).isTrue();
    budget.onSent();
    budget.onAnswered(4);
    assertThat(budget.mayPing(5, true)).isFalse();
    budget.onCallFrame(6);
    assertThat(budget.mayPing(7, true)).isTrue();
  }

  @Test
  void besideTheAnsweredPingOfGrpcThereIsRoomForOneOfOurs() {
    PingBudget budget = client();
    budget.onCallFrame(2);
    budget.onForeignAnswered(3);
    assertThat(budget.mayPing(4, true)).isTrue();
    budget.onSent();
    assertThat(budget.mayPing(5, true)).as("under way").isFalse();
    budget.onAnswered(6);
    assertThat(budget.mayPing(7, true)).as("both strikes may be taken").isFalse();
    budget.onCallFrame(8);
    assertThat(budget.mayPing(9, true)).isTrue();
  }

  @Test
  void aPingOfOursLeavesRoomForOneOfGrpcOnly() {
    PingBudget budget = client();
    budget.onCallFrame(2);
    budget.onSent();
    budget.onAnswered(3);
    assertThat(budget.mayPing(4, true)).as("gRPC's may be under way").isFalse();
    budget.onForeignAnswered(5);
    assertThat(budget.mayPing(6, true)).isFalse();
  }

  /** The server wrote the frame before it read the PING, so the frame does not forgive that. */
  @Test
  void aPingThatIsAnsweredAfterAFrameCountsAsOneSinceThatFrame() {
    PingBudget budget = client();
    budget.onSent();
    budget.onCallFrame(2);
    budget.onAnswered(3);
    assertThat(budget.mayPing(4, true)).isFalse();
  }

  @Test
  void twoPingsAreNeverUnderWayToAServerThatPunishes() {
    PingBudget budget = client();
    budget.onCallFrame(2);
    budget.onSent();
    budget.onCallFrame(4);
    assertThat(budget.mayPing(60 * MINUTE, true)).isFalse();
  }

  @Test
  void aDefaultServerIsPingedEveryFiveMinutesWithCallsAndNeverWithout() {
    PingBudget budget = client();
    assertThat(budget.mayPing(5 * MINUTE, true)).as("its clock is not ours").isFalse();
    assertThat(budget.mayPing(6 * MINUTE, true)).isTrue();
    assertThat(budget.mayPing(24 * 60 * MINUTE, false)).isFalse();
  }

  @Test
  void aKnownPermitCountsFromTheAnswerBecauseThePathMayHaveHeldThePingBack() {
    PingBudget budget =
        new PingBudget(
            0,
            LivenessOptions.DEFAULT.withPingPermit(Duration.ofMinutes(1)),
            ConnectionRole.CLIENT);
    assertThat(budget.mayPing(2 * MINUTE, false)).isTrue();
    budget.onSent();
    budget.onAnswered(5 * MINUTE);
    assertThat(budget.mayPing(6 * MINUTE, false)).isFalse();
    assertThat(budget.mayPing(7 * MINUTE, false)).isTrue();
  }

  @Test
  void aServerHasAFewUnderWayAndNoMore() {
    PingBudget budget = new PingBudget(0, LivenessOptions.DEFAULT, ConnectionRole.SERVER);
    for (int i = 0; i < PingBudget.MAX_UNANSWERED; i++) {
      assertThat(budget.mayPing(i, false)).isTrue();
      budget.onSent();
    }
    assertThat(budget.mayPing(MINUTE, false)).isFalse();
    budget.onAnswered(MINUTE);
    assertThat(budget.mayPing(MINUTE, false)).isTrue();
  }

  @Test
  void theFreePingOfAClientWithoutCallsIsKeptForTheNextCall() {
    assertThat(client().isSavedForCalls(false)).isTrue();
    assertThat(client().isSavedForCalls(true)).isFalse();
    assertThat(
            new PingBudget(0, LivenessOptions.DEFAULT, ConnectionRole.SERVER)
                .isSavedForCalls(false))
        .isFalse();
  }
}
