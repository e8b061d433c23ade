package dev.holdfast.bench.sessions;

import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * The soak test of durable streams under minutes of random real faults: counts what was lost,
 * duplicated or out of order.
 */
public final class Soak extends Comparison {
  private static final Option SECONDS =
      new Option("--seconds", 600, 30, 5, 86_400, "seconds of faults");
  private static final Option STREAMS =
      new Option("--streams", 2_000, 400, 10, 100_000, "durable streams, twenty to a connection");
  private static final Option RATE =
      new Option("--rate", 1_000, 200, 20, 100_000, "messages per second of all streams");
  private static final Option SERVERS = new Option("--servers", 2, 2, 1, 16, "server processes");
  private static final Option SEED =
      new Option("--seed", 0, 0, 0, Integer.MAX_VALUE, "of the faults; 0: a new one");

  private static final int PER_CONNECTION = 20;
  private static final int LEAST_FAULTS = 5;
  private static final long MOST_BETWEEN_MILLIS = 5_000;
  private static final Duration SETTLE = Duration.ofSeconds(100);

  @Override
  public String name() {
    return "soak";
  }

  @Override
  public String summary() {
    return "10 minutes of random real faults around 2,000 durable streams: nothing is lost";
  }

  @Override
  public List<Option> options() {
    return List.of(SECONDS, STREAMS, RATE, SERVERS, SEED);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "Server processes with level durable over one Redis, a relay of the lab's before each, and"
            + " devices in another",
        "process: real TCP on loopback. Devices send numbered messages, which servers say back; a"
            + " device may come back",
        "to any server. One fault after the other, at random, with pauses up to 5 s: connections"
            + " cut, stalled, half-open,",
        "delayed or refused, of one server or of all; servers killed (-9) and started again,"
            + " stopped and continued",
        "(SIGSTOP); Redis stopped and continued. None lasts as long as the TTL. Then all is whole,"
            + " and whatever has no",
        "answer after "
            + SETTLE.toSeconds()
            + " s is lost. The seed decides the faults, not what they hit.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "for ours: Redis keeps its memory; what one without appendfsync always forgets is not"
            + " tested here.",
        "for ours: a handler's effect is its answer; effects elsewhere need the application's own"
            + " transaction.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    long seed =
        options.get(SEED) == 0
            ? ThreadLocalRandom.current().nextInt(1, Integer.MAX_VALUE)
            : options.get(SEED);
    report.say("seed %d", seed);
    SoakTopology topology = new SoakTopology(runResources, new Random(seed), options.get(SERVERS));
    Devices devices =
        Devices.start(
            runResources,
            "devices",
            new Devices.DeviceOptions(true, false, true, topology.ports()),
            new Devices.Size(options.get(STREAMS) / PER_CONNECTION, PER_CONNECTION));
    devices.open();
    report.say("%d streams stand", options.get(STREAMS));
    devices.flow(options.get(RATE));
    Random pauses = new Random(seed + 1);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.get(SECONDS));
    int faults = 0;
    while (System.nanoTime() - end < 0) {
      TimeUnit.MILLISECONDS.sleep(pauses.nextLong(MOST_BETWEEN_MILLIS));
      String fault = topology.fault();
      faults++;
      report.say("%s; %s", fault, describe(devices.count()));
    }
    devices.flow(0);
    DeliveryCounts count = settle(devices);
    report.say("settled: %s", describe(count));
    conclude(report, options, faults, count, seed);
    devices.close();
  }

  private static DeliveryCounts settle(Devices devices) throws Exception {
    long end = System.nanoTime() + SETTLE.toNanos();
    DeliveryCounts count = devices.count();
    while (count.answered() < count.sent() && System.nanoTime() - end < 0) {
      TimeUnit.MILLISECONDS.sleep(500);
      count = devices.count();
    }
    return count;
  }

  private static String describe(DeliveryCounts count) {
    return "sent %d, answered %d, twice %d, out of order %d, ended %d"
        .formatted(
            count.sent(), count.answered(), count.duplicated(), count.reordered(), count.ended());
  }

  private static void conclude(
      Report report, Options options, int faults, DeliveryCounts count, long seed) {
    long lost = count.sent() - count.answered();
    report
        .figure("messages", count.sent())
        .figure("faults", faults)
        .figure("lost", lost)
        .figure("duplicated", count.duplicated())
        .figure("reordered", count.reordered())
        .figure("sessions_lost", count.ended())
        .figure("streams", options.get(STREAMS))
        .figure("seconds", options.get(SECONDS))
        .figure("seed", seed)
        .bound(lost == 0, "lost: %d (expected: 0)", lost)
        .bound(count.duplicated() == 0, "duplicated: %d (expected: 0)", count.duplicated())
        .bound(count.reordered() == 0, "reordered: %d (expected: 0)", count.reordered())
        .bound(count.ended() == 0, "sessions_lost: %d (expected: 0)", count.ended())
        .bound(
            options.quick() || faults >= LEAST_FAULTS,
            "faults: %d (expected: >= %d)",
            faults,
            LEAST_FAULTS);
  }
}
