package dev.holdfast.streams.grpc.internal.driver;

import dev.holdfast.core.OffloadExecutor;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The turns in which the streams of a server that stops are told. Each of them goes on at another
 * instance at once, and all at the same time would make the others wait.
 */
public final class PacedDrain<T> {
  @Limit(
      of = "time over which the streams of a server that stops are told, one after the other",
      then = "more of them are told at a time")
  static final Duration SPREAD = Duration.ofSeconds(4);

  private static final Logger log = LoggerFactory.getLogger(PacedDrain.class);
  private static final Duration TURN = Duration.ofMillis(10);
  private static final int PARTS_OF_GRACE = 4;

  private final Scheduler scheduler;
  private final Iterator<T> left;
  private final int streams;
  private final int turns;
  private final Consumer<T> told;
  private final CompletableFuture<Void> done = new CompletableFuture<>();

  private int turn;
  private int toldStreams;

  private PacedDrain(Scheduler scheduler, List<T> order, int turns, Consumer<T> told) {
    this.scheduler = scheduler;
    this.left = order.iterator();
    this.streams = order.size();
    this.turns = turns;
    this.told = told;
  }

  /**
   * Tells streams in random order: one in 10 ms, or more where that would take too long. The first
   * ones are told before this returns.
   *
   * @param scheduler of the turns after the first one
   * @param grace the time that they have; a quarter of it may pass until the last one is told
   * @return completes when all are told
   */
  public static <T> CompletionStage<Void> tell(
      Scheduler scheduler, List<T> streams, Duration grace, Consumer<T> told) {
    Duration part = grace.dividedBy(PARTS_OF_GRACE);
    Duration spread = part.compareTo(SPREAD) < 0 ? part : SPREAD;
    int most = (int) Math.max(1, spread.dividedBy(TURN));
    List<T> order = new ArrayList<>(streams);
    Collections.shuffle(order, new Random(SessionResources.RANDOM.nextLong()));
    PacedDrain<T> drain =
        new PacedDrain<>(scheduler, order, Math.max(1, Math.min(most, order.size())), told);
    drain.turn();
    return drain.done;
  }

  private void turn() {
    turn++;
    long upTo = ((long) streams * turn + turns - 1) / turns;
    for (; toldStreams < upTo && left.hasNext(); toldStreams++) {
      T next = left.next();
      try {
        told.accept(next);
      } catch (RuntimeException e) {
        // The others must hear of the drain whatever becomes of one.
        log.error("event=stream_drain_failed", e);
      }
    }
    if (left.hasNext()) {
      var unused = scheduler.schedule(TURN, () -> OffloadExecutor.shared().execute(this::turn));
    } else {
      done.complete(null);
    }
  }
}
