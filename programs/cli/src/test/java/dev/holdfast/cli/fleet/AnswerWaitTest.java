package dev.holdfast.cli.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The processes that are given up, and the time at which they are. */
class AnswerWaitTest {
  @Test
  void lateOnesAreGivenUpWhenNobodyElseAnswers() {
    assertThat(remaining(0, 0)).isEqualTo(2_000);
    assertThat(remaining(1_500, 1_500)).isEqualTo(500);
    assertThat(remaining(2_000, 2_000)).isZero();
    assertThat(remaining(2_000, 300)).as("one answered 300 ms ago").isEqualTo(700);
    assertThat(remaining(9_000, 1_000)).isZero();
    assertThat(remaining(19_900, 0)).as("not for ever").isEqualTo(100);
    assertThat(remaining(20_000, 0)).isZero();
  }

  @Test
  void answersAndFailuresAreKeptAndLateOnesFail() throws InterruptedException {
    CompletableFuture<String> answered = CompletableFuture.completedFuture("here");
    CompletableFuture<String> failed =
        CompletableFuture.failedFuture(new IllegalStateException("refused"));
    CompletableFuture<String> late = new CompletableFuture<>();
    AtomicLong now = new AtomicLong();

    AnswerWait.await(
        List.of(answered, failed, late), () -> now.getAndAdd(TimeUnit.MILLISECONDS.toNanos(700)));

    assertThat(answered).isCompletedWithValue("here");
    assertThat(failed).isCompletedExceptionally();
    assertThatThrownBy(late::join)
        .hasCauseInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining("DEADLINE_EXCEEDED");
  }

  private static long remaining(long waitedMillis, long quietMillis) {
    return TimeUnit.NANOSECONDS.toMillis(
        AnswerWait.remainingNanos(
            TimeUnit.MILLISECONDS.toNanos(waitedMillis),
            TimeUnit.MILLISECONDS.toNanos(quietMillis)));
  }
}
