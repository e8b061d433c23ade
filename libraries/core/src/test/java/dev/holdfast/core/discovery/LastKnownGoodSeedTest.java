package dev.holdfast.core.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.EndpointListState;
import dev.holdfast.core.EndpointSet;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A list from disk, for a program that starts while its registry is away. */
class LastKnownGoodSeedTest extends LastKnownGoodFixture {
  @Test
  void aListFromDiskIsUsedWhenTheRegistryFails() {
    steady = machine(true);
    steady.onFailure(now);
    steady.onSeed(now, FIVE, Duration.ofMinutes(7));

    assertThat(steady.pollChange()).contains(FIVE);
    assertThat(steady.state()).isEqualTo(EndpointListState.STALE);
    assertThat(Duration.ofNanos(now - steady.goodAtNanos())).isEqualTo(Duration.ofMinutes(7));
  }

  @Test
  void aListFromDiskIsUsedWhenTheRegistryIsSilent() {
    steady = machine(true);
    steady.onSeed(now, FIVE, Duration.ZERO);
    assertThat(steady.pollChange()).isEmpty();
    long begun = now;

    untilDeadline();

    assertThat(Duration.ofNanos(now - begun)).isEqualTo(Duration.ofSeconds(3));
    assertThat(steady.pollChange()).contains(FIVE);
  }

  @Test
  void aListFromDiskIsForgottenWhenTheRegistrySpeaks() {
    steady = machine(true);
    steady.onSeed(now, FIVE, Duration.ZERO);
    steady.onSnapshot(now, word(1, 9));

    assertThat(steady.pollChange()).contains(list(9));
    assertThat(steady.nextDeadlineNanos()).isEmpty();
  }

  @Test
  void anEmptyFirstWordIsDoubtedWhenThereIsAListFromDisk() {
    steady = machine(true);
    steady.onSnapshot(now, word(1));
    assertThat(steady.pollChange()).as("the disk has not answered").isEmpty();

    steady.onSeed(now, FIVE, Duration.ZERO);

    assertThat(steady.pollChange()).contains(FIVE);
    assertThat(steady.state()).isEqualTo(EndpointListState.EMPTYING);
  }

  @Test
  void aDiskThatNeverAnswersDelaysAnEmptyFirstWordForAMomentOnly() {
    steady = machine(true);
    steady.onSnapshot(now, word(1));
    long said = now;

    untilDeadline();

    assertThat(Duration.ofNanos(now - said)).isEqualTo(Duration.ofMillis(500));
    assertThat(steady.pollChange()).contains(EndpointSet.EMPTY);
  }
}
