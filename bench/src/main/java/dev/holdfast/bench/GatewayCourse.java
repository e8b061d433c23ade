package dev.holdfast.bench;

import dev.holdfast.bench.GatewaySlices.Load;
import dev.holdfast.bench.GatewaySlices.Slice;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;

/** Measures slice after slice. Used by one thread. */
final class GatewayCourse {
  private static final int FIRST_CALLS = 2_000;
  private static final double WARM_UP_RUN_SECONDS = 0.5;
  private static final int WARM_UP_ROUNDS = 4;
  private static final int WARM_UP_ARRIVALS = 40;
  private static final long LONGEST_WARM_UP_NANOS = TimeUnit.SECONDS.toNanos(40);

  private final H2load h2load;
  private final Report report;
  private final double sliceSeconds;
  private final int fixedRate;

  /** What each proxy did of late: how many calls a slice needs to last as long as wanted. */
  private final Map<String, Double> callsPerSecond = new HashMap<>();

  private final GatewaySlices slices = new GatewaySlices();

  /**
   * @param sliceSeconds about how long a slice lasts
   * @param fixedRate calls per second of the slices that are not saturated
   */
  GatewayCourse(H2load h2load, Report report, double sliceSeconds, int fixedRate) {
    this.h2load = h2load;
    this.report = report;
    this.sliceSeconds = sliceSeconds;
    this.fixedRate = fixedRate;
  }

  GatewaySlices slices() {
    return slices;
  }

  /**
   * Gives the proxies every load that will be measured, and learns how fast they are. In rounds,
   * since a JVM compiles anew for each change of work; all of them in turn, so that what a proxy
   * does but once a minute has come by, too; and with many thousands of connections, since each
   * slice opens a hundred, and they are compiled for long after the calls over them.
   *
   * @param calls of each work at saturation; a slow machine makes fewer
   */
  void warmUp(List<GatewayProxy> proxies, ToLongFunction<GatewayProxy> calls)
      throws IOException, InterruptedException {
    for (int round = 0; round < WARM_UP_ROUNDS; round++) {
      for (GatewayProxy proxy : proxies) {
        long ofEach = calls.applyAsLong(proxy);
        // A smoke run has no time for rounds.
        boolean brief = ofEach < (long) WARM_UP_ROUNDS * FIRST_CALLS;
        if (!brief || round == 0) {
          warmUp(proxy, brief ? ofEach : ofEach / WARM_UP_ROUNDS, brief);
        }
      }
    }
  }

  private void warmUp(GatewayProxy proxy, long calls, boolean brief)
      throws IOException, InterruptedException {
    for (GatewayWork work : GatewayWork.values()) {
      saturate(work, proxy, calls);
      if (!brief) {
        h2load.run(work, proxy.port(), (long) (fixedRate * WARM_UP_RUN_SECONDS), fixedRate);
      }
    }
    for (int i = 0; !brief && i < WARM_UP_ARRIVALS; i++) {
      GatewayWork arrivals = GatewayWork.CONNECTIONS;
      h2load.run(arrivals, proxy.port(), arrivals.connections(), H2load.SATURATION);
    }
  }

  private void saturate(GatewayWork work, GatewayProxy proxy, long calls)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + LONGEST_WARM_UP_NANOS / WARM_UP_ROUNDS;
    long next = Math.min(FIRST_CALLS, calls);
    long done = 0;
    while (done < calls && System.nanoTime() - end < 0) {
      double rate = h2load.run(work, proxy.port(), next, H2load.SATURATION).callsPerSecond();
      done += next;
      callsPerSecond.put(proxy.name() + work, rate);
      next = Math.max(FIRST_CALLS, (long) (rate * WARM_UP_RUN_SECONDS));
    }
  }

  /** Every load for every proxy, in the order of the list. */
  void alternation(int number, List<GatewayProxy> proxies)
      throws IOException, InterruptedException {
    for (GatewayWork work : GatewayWork.values()) {
      for (int rate : List.of(H2load.SATURATION, fixedRate)) {
        StringBuilder line = new StringBuilder();
        for (GatewayProxy proxy : proxies) {
          Slice slice = slice(new Load(work, rate), proxy);
          line.append(
              String.format(
                  "; %s %.2f us, %.0f/s, p99 %.2f ms",
                  proxy.name(),
                  slice.cpuMicros(),
                  slice.callsPerSecond(),
                  slice.p99Micros() / 1e3));
        }
        report.say("%d, %s%s", number + 1, new Load(work, rate).key(), line);
      }
    }
    for (GatewayProxy proxy : proxies) {
      slices.addTimeWait(proxy.name(), proxy.timeWait());
    }
  }

  private Slice slice(Load load, GatewayProxy proxy) throws IOException, InterruptedException {
    boolean saturated = load.rate() == H2load.SATURATION;
    double rate =
        saturated ? callsPerSecond.getOrDefault(proxy.name() + load.work(), 1.0) : load.rate();
    double cpuBefore = proxy.cpuMicros();
    H2load.Load done =
        h2load.run(load.work(), proxy.port(), (long) (rate * sliceSeconds), load.rate());
    // What is less than a tick can't be told from nothing, and nothing has no ratio.
    double cpu = Math.max(KernelTables.MICROS_PER_TICK / 2, proxy.cpuMicros() - cpuBefore);
    if (saturated) {
      callsPerSecond.put(proxy.name() + load.work(), done.callsPerSecond());
    }
    Slice slice =
        new Slice(cpu / done.calls(), done.callsPerSecond(), done.micros().percentile(99));
    slices.add(load, proxy.name(), slice);
    return slice;
  }
}
