package dev.holdfast.lab.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.lab.load.Pacer.DueDecision;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class PacerTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  @Test
  void callsAreDueAtTheRateFromTheStartOn() {
    Pacer pacer = new Pacer(1_000, 200, SECOND);
    assertThat(pacer.dueNanos()).isEqualTo(1_000);
    pacer.advance();
    assertThat(pacer.dueNanos()).isEqualTo(1_000 + SECOND / 200);
  }

  @Test
  void aClientThatWasHeldUpOwesTheCallsOfThatTime() {
    Pacer pacer = new Pacer(0, 100, SECOND);
    int made = 0;
    while (pacer.at(SECOND / 2) == DueDecision.NOW) {
      pacer.advance();
      made++;
    }
    assertThat(made).isEqualTo(51); // those of 0 ms, 10 ms, .., 500 ms
    assertThat(pacer.at(SECOND / 2)).isEqualTo(DueDecision.LATER);
  }

  @Test
  void aCallWhoseDeadlinePassedIsMissed() {
    Pacer pacer = new Pacer(0, 100, SECOND);
    assertThat(pacer.at(SECOND - 1)).isEqualTo(DueDecision.NOW);
    assertThat(pacer.at(SECOND)).isEqualTo(DueDecision.MISSED);
    pacer.advance();
    assertThat(pacer.at(SECOND)).isEqualTo(DueDecision.NOW);
  }

  @Test
  void worksWhereTheClockWrapsAround() {
    Pacer pacer = new Pacer(Long.MAX_VALUE - 5, 1, SECOND);
    assertThat(pacer.at(Long.MAX_VALUE - 6)).isEqualTo(DueDecision.LATER);
    pacer.advance();
    assertThat(pacer.at(Long.MIN_VALUE)).isEqualTo(DueDecision.LATER);
    assertThat(pacer.at(Long.MAX_VALUE - 5 + SECOND)).isEqualTo(DueDecision.NOW);
  }

  @Test
  void refusesARateBelowOne() {
    assertThatThrownBy(() -> new Pacer(0, 0, SECOND)).hasMessage("rate: 0 (expected: >= 1)");
  }

  @Property
  void exactlyRateCallsAreDueInAnySecond(
      @ForAll @IntRange(min = 1, max = 5_000) int rate,
      @ForAll @LongRange(min = 0, max = 100) long seconds) {
    Pacer pacer = new Pacer(0, rate, SECOND);
    for (long i = 0; i < rate * seconds; i++) {
      pacer.advance();
    }
    assertThat(pacer.dueNanos()).isEqualTo(seconds * SECOND);
  }
}
