package dev.holdfast.registry.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.registry.etcd.LeaseTiming.LeaseAction;
import java.time.Duration;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class LeaseTimingTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  @Test
  void itIsKeptAliveAtAThirdOfWhatWasGranted() {
    LeaseTiming term = new LeaseTiming(0, Duration.ofSeconds(9));
    assertThat(term.due(3 * SECOND - 1)).isEqualTo(LeaseAction.NOTHING);
    assertThat(term.due(3 * SECOND)).isEqualTo(LeaseAction.KEEP_ALIVE);
    assertThat(term.nextDeadlineNanos()).isEqualTo(3 * SECOND);
  }

  @Test
  void anAnswerCountsFromWhenItWasAskedFor() {
    LeaseTiming term = new LeaseTiming(0, Duration.ofSeconds(9));
    term.onKeepAliveSent();
    term.onKeepAliveAnswered(3 * SECOND, Duration.ofSeconds(6));
    assertThat(term.left(5 * SECOND)).hasSeconds(4);
    assertThat(term.due(5 * SECOND)).isEqualTo(LeaseAction.KEEP_ALIVE);
  }

  @Test
  void aFailureIsFollowedByAnotherTrySoon() {
    LeaseTiming term = new LeaseTiming(0, Duration.ofSeconds(12));
    term.onKeepAliveSent();
    assertThat(term.due(5 * SECOND)).isEqualTo(LeaseAction.NOTHING);
    term.onFailure(5 * SECOND);
    assertThat(term.nextDeadlineNanos()).isEqualTo(6 * SECOND);
  }

  @Test
  void itIsGivenUpWhenItsWholeTimePassedWithoutAnAnswer() {
    LeaseTiming term = new LeaseTiming(0, Duration.ofSeconds(9));
    term.onKeepAliveSent();
    assertThat(term.nextDeadlineNanos()).isEqualTo(9 * SECOND);
    assertThat(term.due(9 * SECOND - 1)).isEqualTo(LeaseAction.NOTHING);
    assertThat(term.due(9 * SECOND)).isEqualTo(LeaseAction.EXPIRED);
  }

  @Property(tries = 200)
  void originAndOverflowOfTheClockMeanNothing(
      @ForAll long origin, @ForAll @LongRange(min = 1, max = 3600) long ttlSeconds) {
    Duration ttl = Duration.ofSeconds(ttlSeconds);
    LeaseTiming term = new LeaseTiming(origin, ttl);
    assertThat(term.due(origin)).isEqualTo(LeaseAction.NOTHING);
    assertThat(term.due(origin + ttl.toNanos() / 3)).isEqualTo(LeaseAction.KEEP_ALIVE);
    assertThat(term.due(origin + ttl.toNanos())).isEqualTo(LeaseAction.EXPIRED);
    assertThat(term.nextDeadlineNanos() - origin).isEqualTo(ttl.toNanos() / 3);
  }
}
