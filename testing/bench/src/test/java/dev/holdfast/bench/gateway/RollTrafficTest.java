package dev.holdfast.bench.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class RollTrafficTest {
  private final RollTraffic traffic = new RollTraffic(List.of(), 1, Duration.ofSeconds(1));

  @Test
  void countsWhatFailsWithoutAKillAsPlain() {
    traffic.onFailure(Status.UNAVAILABLE, System.nanoTime());

    assertThat(traffic.failed()).isEqualTo(1);
    assertThat(traffic.unsafe()).isZero();
  }

  @Test
  void countsWhatWasUnderWayAtTheKillAsUnsafe() {
    long before = System.nanoTime();
    traffic.killBegins();
    traffic.onFailure(Status.UNAVAILABLE, before);
    traffic.onFailure(Status.UNAVAILABLE, System.nanoTime());
    traffic.killEnds();
    traffic.onFailure(Status.UNAVAILABLE, before);

    assertThat(traffic.unsafe()).isEqualTo(3);
    assertThat(traffic.failed()).isZero();
  }

  @Test
  void countsWhatBeganAfterTheKillAsPlain() {
    traffic.killBegins();
    traffic.killEnds();
    traffic.onFailure(Status.UNAVAILABLE, System.nanoTime() + 1);

    assertThat(traffic.failed()).isEqualTo(1);
    assertThat(traffic.unsafe()).isZero();
  }

  @Test
  void hearsOnlyAnswersFromNowOn() throws InterruptedException {
    traffic.onAnswer("i1", 0, 1);

    assertThat(traffic.awaitAnswerOf("i1", Duration.ofMillis(20))).isFalse();
  }
}
