package dev.holdfast.cli.fleet;

import dev.holdfast.core.annotation.Limit;
import io.grpc.Status;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * The wait for the answers of many processes that were asked side by side. As long as answers come
 * in, it may be this process that is late with a thousand connections and not the others: one is
 * given up only when its time is over and nobody else has answered for a while.
 */
final class AnswerWait {
  @Limit(
      of = "time for the answer of an admin service while others still answer",
      then = "it is shown as silent")
  static final Duration PATIENCE_WHILE_OTHERS_ANSWER = Duration.ofSeconds(20);

  /** How long nobody has answered before those that are late are given up. */
  static final Duration QUIET = Duration.ofSeconds(1);

  private AnswerWait() {}

  /**
   * Returns when each of these is done. Those that are late fail with {@code DEADLINE_EXCEEDED}.
   *
   * @throws InterruptedException when the thread is interrupted meanwhile
   */
  static void await(Collection<? extends CompletableFuture<?>> asked, LongSupplier nanoTime)
      throws InterruptedException {
    long begun = nanoTime.getAsLong();
    AtomicLong answered = new AtomicLong(begun);
    for (CompletableFuture<?> each : asked) {
      var unused = each.whenComplete((answer, failure) -> answered.set(nanoTime.getAsLong()));
    }
    CompletableFuture<Void> all = CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new));
    while (!all.isDone()) {
      long now = nanoTime.getAsLong();
      long left = remainingNanos(now - begun, now - answered.get());
      if (left <= 0) {
        asked.forEach(
            each -> each.completeExceptionally(Status.DEADLINE_EXCEEDED.asRuntimeException()));
        return;
      }
      try {
        all.get(left, TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        // Somebody may have answered meanwhile: the time that is left is asked again.
      } catch (ExecutionException e) {
        return; // Each future has its own failure.
      }
    }
  }

  /**
   * How long to wait, unless somebody answers meanwhile.
   *
   * @param waitedNanos since all were asked
   * @param quietNanos since somebody answered
   */
  static long remainingNanos(long waitedNanos, long quietNanos) {
    long patient =
        Math.max(FleetInstance.PATIENCE.toNanos() - waitedNanos, QUIET.toNanos() - quietNanos);
    return Math.min(patient, PATIENCE_WHILE_OTHERS_ANSWER.toNanos() - waitedNanos);
  }
}
