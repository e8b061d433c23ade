package dev.holdfast.streams.grpc.internal.driver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.grpc.internal.driver.ResumeConcurrencyLimiter.ResumePermit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who of many that come back together asks when. */
class ResumeConcurrencyLimiterTest {
  private final ResumeConcurrencyLimiter pace = new ResumeConcurrencyLimiter();
  private final List<ResumePermit> begun = new ArrayList<>();
  private long now = -7;

  @Test
  void oneAsksFirstAndEachWelcomeLetsTwoMoreAsk() {
    ask(10);
    assertThat(begun).hasSize(1);

    pace.onWelcome(begun.get(0));
    assertThat(beginAll()).isEqualTo(3);
    pace.onWelcome(begun.get(1));
    pace.onWelcome(begun.get(2));
    assertThat(beginAll()).isEqualTo(7);
  }

  @Test
  void anAttemptThatComesToNothingHalvesHowManyAskAtOnce() {
    ask(20);
    for (int i = 0; i < 3; i++) {
      pace.onWelcome(begun.get(i));
      beginAll();
    }
    assertThat(begun).hasSize(7);

    pace.onOver(begun.get(3));
    assertThat(beginAll()).isEqualTo(7);
    pace.onOver(begun.get(4));
    pace.onOver(begun.get(5));
    assertThat(beginAll()).isEqualTo(7);
    pace.onOver(begun.get(6));
    assertThat(beginAll()).isEqualTo(8);
  }

  @Test
  void refusalsOfAnInstanceThatLeavesSlowNobodyDown() {
    ask(2_000);
    int answered = 0;
    int rounds = 0;
    while (answered < 2_000) {
      rounds++;
      for (int asking = begun.size(); answered < asking; answered++) {
        // Every third one reaches the instance that leaves.
        if (answered % 3 == 1) {
          pace.onRefused(begun.get(answered));
        } else {
          pace.onWelcome(begun.get(answered));
        }
      }
      beginAll();
    }

    assertThat(rounds).isLessThan(30);
  }

  @Test
  void anEndIsCountedOnce() {
    ask(9);
    pace.onWelcome(begun.get(0));
    pace.onWelcome(begun.get(0));
    pace.onOver(begun.get(0));

    assertThat(beginAll()).isEqualTo(3);
  }

  @Test
  void whoGivesUpWhileWaitingIsPassedOverAndSlowsNobodyDown() {
    List<ResumePermit> asked = ask(4);
    pace.onOver(asked.get(1));
    pace.onOver(asked.get(2));
    pace.onWelcome(asked.get(0));
    beginAll();

    assertThat(begun).containsExactly(asked.get(0), asked.get(3));
    pace.onOver(asked.get(3));
    assertThat(pace.nextDeadlineNanos()).isEmpty();
  }

  @Test
  void nobodyWaitsForOthersThatAreNotAnsweredForLongerThanTheLimit() {
    ask(3);
    assertThat(pace.nextDeadlineNanos())
        .hasValue(now + ResumeConcurrencyLimiter.LONGEST_WAIT.toNanos());
    now += ResumeConcurrencyLimiter.LONGEST_WAIT.minus(Duration.ofNanos(1)).toNanos();
    assertThat(beginAll()).isEqualTo(1);

    now++;
    assertThat(beginAll()).isEqualTo(3);
  }

  @Test
  void theNextStormBeginsWithOneAgain() {
    ask(8);
    for (int i = 0; i < 8; i++) {
      pace.onWelcome(begun.get(i));
      beginAll();
    }
    begun.clear();

    ask(8);
    assertThat(begun).hasSize(1);
  }

  @Test
  void noMoreThanTheLimitAskAtOnce() {
    ask(3 * ResumeConcurrencyLimiter.MAX_AT_ONCE);
    for (int i = 0; i < ResumeConcurrencyLimiter.MAX_AT_ONCE; i++) {
      pace.onWelcome(begun.get(i));
      beginAll();
    }

    assertThat(begun).hasSize(2 * ResumeConcurrencyLimiter.MAX_AT_ONCE);
  }

  private List<ResumePermit> ask(int many) {
    List<ResumePermit> asked = new ArrayList<>();
    for (int i = 0; i < many; i++) {
      asked.add(pace.ask(now, () -> {}));
      beginAll();
    }
    return asked;
  }

  /** How many have begun so far. */
  private int beginAll() {
    for (ResumePermit next = pace.next(now); next != null; next = pace.next(now)) {
      begun.add(next);
    }
    return begun.size();
  }
}
