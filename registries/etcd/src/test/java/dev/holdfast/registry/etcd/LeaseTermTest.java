package dev.holdfast.registry.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.registry.etcd.LeaseTerm.Due;
import java.time.Duration;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class LeaseTermTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  @Test
  void itIsKeptAliveAtAThirdOfWhatWasGranted() {
    LeaseTerm term = new LeaseTerm(0, Duration.ofSeconds(9));
    assertThat(term.due(3 * SECOND - 1)).isEqualTo(Due.NOTHING);
    assertThat(term.due(3 * SECOND)).isEqualTo(Due.KEEP_ALIVE);
    assertThat(term.nextDeadlineNanos()).isEqualTo(3 * SECOND);
  }

  @Test
  void anAnswerCountsFromWhenItWasAskedFor() {
    LeaseTerm term = new LeaseTerm(0, Duration.ofSeconds(9));
    term.onAsked();
    term.onAnswer(3 * SECOND, Duration.ofSeconds(6));
    assertThat(term.left(5 * SECOND)).hasSeconds(4);
    assertThat(term.due(5 * SECOND)).isEqualTo(Due.KEEP_ALIVE);
  }

  @Test
  void aFailureIsFollowedByAnotherTrySoon() {
    LeaseTerm term = new LeaseTerm(0, Duration.ofSeconds(12));
    term.onAsked();
    assertThat(term.due(5 * SECOND)).isEqualTo(Due.NOTHING);
    term.onFailure(5 * SECOND);
    assertThat(term.nextDeadlineNanos()).isEqualTo(6 * SECOND);
  }

  @Test
  void itIsGivenUpWhenItsWholeTimePassedWithoutAnAnswer() {
    LeaseTerm term = new LeaseTerm(0, Duration.ofSeconds(9));
    term.onAsked();
    assertThat(term.nextDeadlineNanos()).isEqualTo(9 * SECOND);
    assertThat(term.due(9 * SECOND - 1)).isEqualTo(Due.NOTHING);
    assertThat(term.due(9 * SECOND)).isEqualTo(Due.EXPIRED);
  }

  @Property(tries = 200)
  void originAndOverflowOfTheClockMeanNothing(
      @ForAll long origin, @ForAll @LongRange(min = 1, max = 3600) long ttlSeconds) {
    Duration ttl = Duration.ofSeconds(ttlSeconds);
    LeaseTerm term = new LeaseTerm(origin, ttl);
    assertThat(term.due(origin)).isEqualTo(Due.NOTHING);
    assertThat(term.due(origin + ttl.toNanos() / 3)).isEqualTo(Due.KEEP_ALIVE);
    assertThat(term.due(origin + ttl.toNanos())).isEqualTo(Due.EXPIRED);
    assertThat(term.nextDeadlineNanos() - origin).isEqualTo(ttl.toNanos() / 3);
  }
}
