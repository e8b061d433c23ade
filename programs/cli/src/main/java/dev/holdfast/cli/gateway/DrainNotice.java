package dev.holdfast.cli.gateway;

import dev.holdfast.core.DurationText;
import dev.holdfast.gateway.Gateway;
import dev.holdfast.gateway.loop.LoopView;
import dev.holdfast.gateway.resume.ResumeSessions;
import dev.holdfast.gateway.traffic.CallStatisticsTotals;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The progress messages of a gateway's drain: at the start, every few seconds and at the end. */
final class DrainNotice {
  private static final Duration EVERY = Duration.ofSeconds(5);
  private static final Duration VIEW_TIMEOUT = Duration.ofSeconds(1);
  private static final double NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

  private final Gateway gateway;
  private final ResumeSessions streams;
  private final PrintWriter err;
  private final long startNanos = System.nanoTime();

  private DrainNotice(Gateway gateway, ResumeSessions streams, PrintWriter err) {
    this.gateway = gateway;
    this.streams = streams;
    this.err = err;
  }

  /**
   * Drains a gateway and returns when that is done.
   *
   * @param streams its resumable streams, for whose readers it may stay
   * @param atMost how long its longest calls may take
   */
  static void drain(Gateway gateway, ResumeSessions streams, Duration atMost, PrintWriter err)
      throws InterruptedException {
    new DrainNotice(gateway, streams, err).drain(atMost);
  }

  /** Prints that a second signal ended the drain and cut the calls in flight. */
  static void cut(PrintWriter err) {
    err.println("holdfast: ended at once; what was under way is cut");
  }

  private void drain(Duration atMost) throws InterruptedException {
    err.println(
        "holdfast: draining: "
            + left()
            + "; at most "
            + DurationText.format(atMost)
            + (streams.areKeptInDrain()
                ? ", or "
                    + DurationText.format(ResumeSessions.KEPT_IN_DRAIN)
                    + " for streams that readers of the next gateway resume"
                : "")
            + "; again (Ctrl-C, SIGTERM) to end at once");
    CompletableFuture<Void> drained = gateway.drain();
    while (!ended(drained)) {
      err.println("holdfast: draining: " + left() + " after " + elapsed());
    }
    err.println("holdfast: drained after " + elapsed());
  }

  private static boolean ended(CompletableFuture<Void> drained) throws InterruptedException {
    try {
      drained.get(EVERY.toNanos(), TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new IllegalStateException("drain: " + e.getCause(), e);
    }
  }

  private String left() {
    long connections =
        gateway.views(VIEW_TIMEOUT).join().stream().mapToLong(LoopView::clients).sum();
    long calls =
        gateway.callStatistics().sums().values().stream()
            .mapToLong(CallStatisticsTotals::open)
            .sum();
    String left = count(connections, "connection") + ", " + count(calls, "call");
    return streams.areKeptInDrain()
        ? left + ", " + count(streams.count(), "resumable stream")
        : left;
  }

  private static String count(long count, String what) {
    return count + " " + what + (count == 1 ? "" : "s");
  }

  private String elapsed() {
    return String.format(Locale.ROOT, "%.1fs", (System.nanoTime() - startNanos) / NANOS_PER_SECOND);
  }
}
