package dev.holdfast.bench.liveness;

import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.Sample;
import dev.holdfast.lab.kernel.KernelLab;
import dev.holdfast.lab.process.ChildJvm;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A cut of the path under the calls of both sides at once, so that it meets both in the same state.
 *
 * @param settle duration of the calls before the cut
 * @param watch duration of the calls after it
 */
record DeadPeerCut(
    KernelLab lab, Duration settle, Duration watch, int connections, int intervalMillis) {
  private static final Duration START = Duration.ofMinutes(3);
  private static final double TAIL_PERCENT = 99;

  /** The figures of both sides after one cut. */
  record CutResult(String name, CutSide stock, CutSide holdfast) {
    double ratio() {
      return holdfast.p99Millis() / stock.p99Millis();
    }
  }

  /**
   * The figures of one side.
   *
   * @param millis recovery times of the channels, in milliseconds
   * @param lost channels that did not recover; each counts with the whole time watched
   * @param stuck calls that waited for long
   * @param suspected times at which the kernel's TCP state made a connection suspect; empty for
   *     stock, which never looks
   */
  record CutSide(Sample millis, int lost, long stuck, List<Double> suspected) {
    double p99Millis() {
      return millis.percentile(TAIL_PERCENT);
    }
  }

  /** Starts both sides, cuts, watches, and ends them. */
  CutResult run(
      RunResources runResources, Report report, String name, List<String> addresses, Runnable deed)
      throws IOException, InterruptedException {
    ChildJvm stock = start(runResources, DeadPeerCalls.STOCK, addresses);
    ChildJvm holdfast = start(runResources, DeadPeerCalls.HOLDFAST, addresses);
    stock.await(DeadPeerCalls.CONNECTED, START);
    holdfast.await(DeadPeerCalls.CONNECTED, START);
    TimeUnit.NANOSECONDS.sleep(settle.toNanos());
    long cutNanos = System.nanoTime();
    deed.run();
    report.say("%s: cut, watching for %d s", name, watch.toSeconds());
    TimeUnit.NANOSECONDS.sleep(watch.toNanos());
    stock.send(Long.toString(cutNanos));
    holdfast.send(Long.toString(cutNanos));
    CutResult cutResult = new CutResult(name, side(stock), side(holdfast));
    stock.close();
    holdfast.close();
    say(report, name + ", stock", cutResult.stock);
    say(report, name + ", holdfast", cutResult.holdfast);
    return cutResult;
  }

  private ChildJvm start(RunResources runResources, String side, List<String> addresses)
      throws IOException {
    List<String> args = new ArrayList<>();
    args.add(side);
    args.add(Integer.toString(connections));
    args.add(Integer.toString(intervalMillis));
    args.addAll(addresses);
    return runResources.own(
        ChildJvm.startIn(lab::inClient, side, DeadPeerCalls.class, List.of("-Xmx1g"), args));
  }

  private CutSide side(ChildJvm child) throws InterruptedException {
    long stuck = Long.parseLong(child.await(DeadPeerCalls.STUCK, START));
    double[] millis = numbers(child.await(DeadPeerCalls.TIMES, START));
    double[] known = Arrays.stream(millis).map(t -> t < 0 ? watch.toMillis() : t).toArray();
    int lost = (int) Arrays.stream(millis).filter(t -> t < 0).count();
    double[] suspected = numbers(child.await(DeadPeerCalls.SUSPECTED, START));
    return new CutSide(Sample.of(known), lost, stuck, Arrays.stream(suspected).boxed().toList());
  }

  private static double[] numbers(String words) {
    return words.isEmpty()
        ? new double[0]
        : Arrays.stream(words.split(" ", -1)).mapToDouble(Double::parseDouble).toArray();
  }

  private static void say(Report report, String what, CutSide cutSide) {
    report.say(
        "%s: calls succeed after median %.0f ms, quartiles %.0f to %.0f, p99 %.0f, range %.0f to"
            + " %.0f; not at all %d; stuck calls %d",
        what,
        cutSide.millis.median(),
        cutSide.millis.lowerQuartile(),
        cutSide.millis.upperQuartile(),
        cutSide.p99Millis(),
        cutSide.millis.min(),
        cutSide.millis.max(),
        cutSide.lost,
        cutSide.stuck);
  }
}
