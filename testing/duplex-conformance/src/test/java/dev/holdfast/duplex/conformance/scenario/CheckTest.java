package dev.holdfast.duplex.conformance.scenario;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.duplex.conformance.peer.PeerEvents;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class CheckTest {
  @Test
  void whatWasWaitedForLiesBetweenTheLeastAndAQuarterOfThePatienceMore() {
    assertThatCode(() -> Check.waited("the end", ago(Duration.ofMillis(800)), 700))
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> Check.waited("the end", ago(Duration.ZERO), 60_000))
        .hasMessageStartingWith("milliseconds to the end: ");
    assertThatThrownBy(() -> Check.waited("the end", ago(PeerEvents.PATIENCE.dividedBy(2)), 700))
        .hasMessageStartingWith("milliseconds to the end: ");
  }

  private static long ago(Duration time) {
    return System.nanoTime() - time.toNanos();
  }
}
