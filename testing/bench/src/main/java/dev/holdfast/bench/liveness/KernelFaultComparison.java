package dev.holdfast.bench.liveness;

import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.lab.PathFaults.IdleAction;
import dev.holdfast.lab.kernel.KernelLab;
import dev.holdfast.lab.kernel.KernelPath;
import dev.holdfast.lab.process.ChildJvm;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The comparison of a stock server and a Holdfast server under the same network faults, on real
 * sockets and a real kernel. Afterwards both lose their devices for good.
 *
 * @param lab with an endpoint for each server
 * @param devices number of devices of each server
 * @param seed of the stalls; the kernel chooses at random which single packets are lost
 */
record KernelFaultComparison(KernelLab lab, int devices, long seed) {
  private static final double LOSS = 0.01;
  private static final Duration LEAST_STALL = Duration.ofSeconds(2);
  private static final Duration MOST_STALL = Duration.ofSeconds(6);

  /** As uneven as that, or stalls come in step with PINGs and meet none of them. */
  private static final Duration LEAST_CALM = Duration.ofSeconds(4);

  private static final Duration MOST_CALM = Duration.ofSeconds(16);

  private static final int STOCK = 0;
  private static final int HOLDFAST = 1;
  private static final int SERVERS = 2;
  private static final long PACE_MILLIS = 30;
  private static final Duration NEVER_IDLE = Duration.ofHours(1);
  private static final Duration START = Duration.ofMinutes(3);
  private static final Duration POLL_INTERVAL = Duration.ofMillis(250);
  private static final List<String> JVM_OPTIONS = List.of("-Xmx512m");

  /**
   * The figures of one server.
   *
   * @param falseCloses streams that ended although the device lived
   * @param deadSeconds time from the devices' end to the end of each stream, in seconds
   */
  record KernelFaultSide(long falseCloses, List<Double> deadSeconds) {}

  /** The figures of both servers. */
  record KernelFaultResult(KernelFaultSide stock, KernelFaultSide holdfast) {}

  /** A path with an endpoint for each server. */
  static KernelLab openLab() {
    return KernelLab.open(new KernelPath(NEVER_IDLE, IdleAction.DROP, SERVERS));
  }

  /**
   * Runs both servers under the faults, then ends all devices.
   *
   * @param faults how long the faults last
   * @param silence the longest time in which both servers must notice that all devices are gone;
   *     zero skips that part
   */
  KernelFaultResult run(RunResources runResources, Report report, Duration faults, Duration silence)
      throws IOException, InterruptedException {
    ChildJvm servers =
        start(
            runResources,
            "servers",
            UnreliablePathServers.class,
            List.of(lab.serverAddress(STOCK), lab.serverAddress(HOLDFAST)));
    servers.await(UnreliablePathServers.LISTENING, START);
    ChildJvm clients =
        start(
            runResources,
            "devices",
            UnreliablePathDevices.class,
            List.of("" + devices, "" + PACE_MILLIS, lab.address(STOCK), lab.address(HOLDFAST)));
    clients.await(UnreliablePathDevices.STARTED, START);
    awaitAll(servers);
    report.say("kernel: %d devices of each server are connected", devices);
    injectFaults(report, servers, faults);
    lab.heal();
    // Who has asked in the last stall gives up by then, if at all.
    TimeUnit.NANOSECONDS.sleep(
        Math.min(faults.toNanos(), UnreliablePathServers.HOLDFAST_PATIENCE.toNanos()));
    awaitAll(servers);
    long[] ended = ask(servers, UnreliablePathServers.ENDED);
    List<List<Double>> dead =
        silence.isZero() ? List.of(List.of(), List.of()) : removeDevices(report, servers, silence);
    return new KernelFaultResult(
        new KernelFaultSide(ended[STOCK], dead.get(STOCK)),
        new KernelFaultSide(ended[HOLDFAST], dead.get(HOLDFAST)));
  }

  private ChildJvm start(
      RunResources runResources, String name, Class<?> program, List<String> args)
      throws IOException {
    boolean serves = program == UnreliablePathServers.class;
    return runResources.own(
        ChildJvm.startIn(serves ? lab::inServer : lab::inClient, name, program, JVM_OPTIONS, args));
  }

  /** Stalls and single losses in turn. */
  private void injectFaults(Report report, ChildJvm servers, Duration faults)
      throws IOException, InterruptedException {
    SplittableRandom random = new SplittableRandom(seed);
    long endNanos = System.nanoTime() + faults.toNanos();
    for (int stalls = 1; System.nanoTime() - endNanos < 0; stalls++) {
      long calmNanos = random.nextLong(LEAST_CALM.toNanos(), MOST_CALM.toNanos());
      long stallNanos = random.nextLong(LEAST_STALL.toNanos(), MOST_STALL.toNanos());
      lab.lose(LOSS);
      sleepUpTo(calmNanos, endNanos);
      lab.lose(1);
      sleepUpTo(stallNanos, endNanos);
      long[] ended = ask(servers, UnreliablePathServers.ENDED);
      report.say(
          "kernel: stall %d, %.1f s after %.1f s of calm; closed though alive so far: stock %d,"
              + " Holdfast %d",
          stalls, stallNanos / 1e9, calmNanos / 1e9, ended[STOCK], ended[HOLDFAST]);
    }
  }

  private static void sleepUpTo(long nanos, long endNanos) throws InterruptedException {
    TimeUnit.NANOSECONDS.sleep(Math.max(0, Math.min(nanos, endNanos - System.nanoTime())));
  }

  /** Takes all devices away at once; how long each connection outlives them. */
  private List<List<Double>> removeDevices(Report report, ChildJvm servers, Duration silence)
      throws IOException, InterruptedException {
    long goneNanos = System.nanoTime();
    lab.silence(STOCK);
    lab.silence(HOLDFAST);
    report.say("kernel: all devices are gone, watching for %d s", silence.toSeconds());
    TimeUnit.NANOSECONDS.sleep(silence.toNanos());
    servers.send(UnreliablePathServers.TIMES + " " + goneNanos);
    return List.of(
        seconds(servers.await(UnreliablePathServers.STOCK, START)),
        seconds(servers.await(UnreliablePathServers.HOLDFAST, START)));
  }

  private static List<Double> seconds(String words) {
    return words.isEmpty()
        ? List.of()
        : Stream.of(words.split(" ", -1)).map(millis -> Double.parseDouble(millis) / 1e3).toList();
  }

  private void awaitAll(ChildJvm servers) throws IOException, InterruptedException {
    long deadlineNanos = System.nanoTime() + START.toNanos();
    for (long[] open = ask(servers, UnreliablePathServers.OPEN);
        open[STOCK] != devices || open[HOLDFAST] != devices;
        open = ask(servers, UnreliablePathServers.OPEN)) {
      if (System.nanoTime() - deadlineNanos > 0) {
        throw new IllegalStateException(
            "connected: " + Arrays.toString(open) + " (expected: " + devices + " of each server)");
      }
      TimeUnit.NANOSECONDS.sleep(POLL_INTERVAL.toNanos());
    }
  }

  /** A number of each server. */
  private static long[] ask(ChildJvm servers, String what)
      throws IOException, InterruptedException {
    servers.send(what);
    return Arrays.stream(servers.await(what, START).split(" ", -1))
        .mapToLong(Long::parseLong)
        .toArray();
  }
}
