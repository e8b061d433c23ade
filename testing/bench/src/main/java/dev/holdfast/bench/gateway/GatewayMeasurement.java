package dev.holdfast.bench.gateway;

import dev.holdfast.bench.gateway.GatewaySlices.Load;
import dev.holdfast.bench.gateway.GatewaySlices.Slice;
import dev.holdfast.bench.load.GatewayWork;
import dev.holdfast.bench.load.H2load;
import dev.holdfast.bench.run.Report;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;

/** The course of the gateway benchmark, slice after slice. Confined to one thread. */
final class GatewayMeasurement {
  private static final int FIRST_CALLS = 2_000;
  private static final double WARM_UP_RUN_SECONDS = 0.5;
  private static final int WARM_UP_ROUNDS = 4;
  private static final int WARM_UP_ARRIVALS = 40;
  private static final long WARM_UP_MICROS_PER_CALL = 4;
  private static final long LEAST_WARM_UP_MILLIS = 50;
  private static final long WARM_UP_MILLIS_OF_OTHERS = 300;

  /**
   * Slices of a paced load per alternation for the two proxies whose p99 is compared. It varies
   * much: a stall of the machine of 8 ms decides that of one slice.
   */
  private static final int TURNS_OF_PACED = 6;

  /** The same over TLS, where no bound depends on it. */
  private static final int TURNS_OF_PACED_TLS = 2;

  private static final Set<String> COMPARED = Set.of(GatewayPrograms.HOLDFAST, GatewayCost.HAPROXY);

  /** Measures a proxy under a load for a short time. */
  @FunctionalInterface
  private interface SliceSource {
    Slice measure(GatewayProxy proxy) throws IOException, InterruptedException;
  }

  private static final double SECONDS_TO_MILLIS = 1e3;
  private static final long LONGEST_WARM_UP_NANOS = TimeUnit.SECONDS.toNanos(40);

  private final H2load h2load;
  private final GrpcLoadClients clients;
  private final List<GrpcLoad> loads;
  private final Report report;
  private final double sliceSeconds;
  private final int fixedRate;

  /**
   * The last measured rate at saturation by proxy and work. It gives the number of calls that make
   * a slice last as long as wanted.
   */
  private final Map<String, Double> callsPerSecond = new HashMap<>();

  private final GatewaySlices slices = new GatewaySlices();

  /**
   * @param clients with headers as gRPC clients send them
   * @param loads of those clients
   * @param sliceSeconds about how long a slice lasts
   * @param fixedRate calls per second of h2load's slices that are not saturated
   */
  GatewayMeasurement(
      H2load h2load,
      GrpcLoadClients clients,
      List<GrpcLoad> loads,
      Report report,
      double sliceSeconds,
      int fixedRate) {
    this.h2load = h2load;
    this.clients = clients;
    this.loads = List.copyOf(loads);
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

  /** Warms up the proxies with the loads of gRPC clients. */
  void warmUpClients(List<GatewayProxy> proxies, ToLongFunction<GatewayProxy> calls)
      throws IOException, InterruptedException {
    for (int round = 0; round < WARM_UP_ROUNDS; round++) {
      for (GatewayProxy proxy : proxies) {
        long millis = calls.applyAsLong(proxy) * WARM_UP_MICROS_PER_CALL / 1_000;
        for (GrpcLoad load : loads) {
          if (round == 0 || millis > WARM_UP_MILLIS_OF_OTHERS) {
            var unused = clients.run(load, proxy, Math.max(LEAST_WARM_UP_MILLIS, millis));
          }
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

  /** Measures every proxy once under each load of h2load, and two of them often if it is paced. */
  void alternation(int number, List<GatewayProxy> proxies)
      throws IOException, InterruptedException {
    for (GatewayWork work : GatewayWork.values()) {
      for (int rate : List.of(H2load.SATURATION, fixedRate)) {
        int turns = rate == H2load.SATURATION ? 1 : TURNS_OF_PACED;
        turns(number, proxies, Load.of(work, rate), turns, proxy -> slice(work, rate, proxy));
      }
    }
    addTimeWait(proxies);
  }

  /** The same for the loads of gRPC clients. */
  void alternationOfClients(int number, List<GatewayProxy> proxies)
      throws IOException, InterruptedException {
    long millis = (long) (sliceSeconds * SECONDS_TO_MILLIS);
    for (GrpcLoad load : loads) {
      turns(
          number, proxies, Load.of(load), turnsOf(load), proxy -> clients.run(load, proxy, millis));
    }
    addTimeWait(proxies);
  }

  /**
   * All proxies take part in the first turn, those that are compared in all; who begins changes.
   */
  private void turns(
      int number, List<GatewayProxy> proxies, Load load, int turns, SliceSource source)
      throws IOException, InterruptedException {
    List<GatewayProxy> compared = new ArrayList<>(proxies);
    compared.removeIf(proxy -> !COMPARED.contains(proxy.name()));
    for (int turn = 0; turn < turns; turn++) {
      StringBuilder line = new StringBuilder();
      for (GatewayProxy proxy : turn == 0 ? proxies : compared) {
        Slice slice = source.measure(proxy);
        slices.add(load, proxy.name(), slice);
        line.append(describe(proxy, slice));
      }
      report.say("%d, %s%s", number + 1, load.key(), line);
      Collections.reverse(compared);
    }
  }

  private static int turnsOf(GrpcLoad load) {
    if (!load.isPaced()) {
      return 1;
    }
    return load.tls() ? TURNS_OF_PACED_TLS : TURNS_OF_PACED;
  }

  private void addTimeWait(List<GatewayProxy> proxies) throws IOException {
    for (GatewayProxy proxy : proxies) {
      slices.addTimeWait(proxy.name(), proxy.timeWait());
    }
  }

  private static String describe(GatewayProxy proxy, Slice slice) {
    return String.format(
        Locale.ROOT,
        "; %s %.2f us, %.0f/s, p99 %.2f ms",
        proxy.name(),
        slice.cpuMicros(),
        slice.callsPerSecond(),
        slice.p99Micros() / 1e3);
  }

  private Slice slice(GatewayWork work, int fixed, GatewayProxy proxy)
      throws IOException, InterruptedException {
    boolean saturated = fixed == H2load.SATURATION;
    double rate = saturated ? callsPerSecond.getOrDefault(proxy.name() + work, 1.0) : fixed;
    double cpuBefore = proxy.cpuMicros();
    H2load.Load done = h2load.run(work, proxy.port(), (long) (rate * sliceSeconds), fixed);
    // Nothing has no ratio.
    double cpu = Math.max(1, proxy.cpuMicros() - cpuBefore);
    if (saturated) {
      callsPerSecond.put(proxy.name() + work, done.callsPerSecond());
    }
    return new Slice(cpu / done.calls(), done.callsPerSecond(), Latencies.ofMicros(done.micros()));
  }
}
