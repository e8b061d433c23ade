package dev.holdfast.bench;

import dev.holdfast.liveness.LivenessOptions;
import dev.holdfast.liveness.Rehearsal;
import dev.holdfast.liveness.Scene;
import dev.holdfast.liveness.Scene.Fate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** How often keepalive closes connections whose peers live, on bad networks in virtual time. */
final class FalseClose extends Comparison {
  private static final Option LIVING =
      new Option("--living", 1_000, 100, 10, 100_000, "devices that live, for two hours each");
  private static final Option DEAD =
      new Option("--dead", 1_000, 100, 10, 100_000, "devices that die within their two hours");
  private static final Option SEED =
      new Option("--seed", 1, 1, 0, Integer.MAX_VALUE, "the first seed");

  /** Field notes, N2: the keepalive that killed healthy devices. */
  private static final Duration N2_TIME = Duration.ofSeconds(60);

  private static final Duration N2_TIMEOUT = Duration.ofSeconds(5);
  private static final LivenessOptions OPTIONS = LivenessOptions.DEFAULT;
  private static final int LEAST_OF_N2 = 500;
  private static final double MOST_SHARE_OF_N2 = 0.01;
  private static final double MOST_DEAD_RATIO = 1.1;

  private static final int P99 = 99;

  /** Plays one scene from one seed. */
  private interface Player {
    Rehearsal.Outcome play(long seed, Scene scene);
  }

  /** False closes, and the seconds until dead peers were closed. */
  private record Tally(long falseCloses, Sample deadSeconds) {}

  @Override
  public String name() {
    return "false-close";
  }

  @Override
  public String summary() {
    return "connections closed though the peer lives: stock keepalive against Holdfast";
  }

  @Override
  List<Option> options() {
    return List.of(LIVING, DEAD, SEED);
  }

  @Override
  List<String> method() {
    return List.of(
        "A server's connections to devices on poor mobile networks, in virtual time: each minute a"
            + " stall of 1 s",
        "to 20 s, 3 % of packets lost, 120 ms there and back with 200 ms of jitter each way, and"
            + " TCP that repeats",
        "what is lost at 1, 2, 4 .. times its timeout. A device says something every three"
            + " minutes. Half of them",
        "live, and of the others the machine is gone for ever at some time. A connection that is"
            + " closed though its",
        "device lives is opened again. The same seeds play the same stalls and deaths against"
            + " three servers: stock",
        "60 s / 5 s (N2 of the field notes); stock tuned to Holdfast's time of detection; Holdfast"
            + " with its defaults.");
  }

  @Override
  List<String> unfair() {
    return List.of(
        "to stock with 60 s / 5 s: nobody needs to choose 5 s. Stock tuned is the fair neighbour.",
        "to Holdfast: a server has no twin to race, and a device that is stuck but acknowledges is"
            + " not among the dead,",
        "since only Holdfast waits longer for it. A model of TCP is no kernel: the part on a real"
            + " one is to come.");
  }

  @Override
  void measure(Options options, Scope scope, Report report) {
    Duration idle = OPTIONS.idle();
    Duration window = OPTIONS.window();
    Tally n2 =
        play(
            "stock 60 s / 5 s",
            options,
            report,
            (seed, scene) -> Rehearsal.stock(seed, scene, N2_TIME, N2_TIMEOUT));
    Tally tuned =
        play(
            "stock " + idle.toSeconds() + " s / " + window.toSeconds() + " s",
            options,
            report,
            (seed, scene) -> Rehearsal.stock(seed, scene, idle, window));
    Tally ours =
        play(
            "Holdfast", options, report, (seed, scene) -> Rehearsal.holdfast(seed, scene, OPTIONS));
    double deadRatio = ours.deadSeconds.percentile(P99) / tuned.deadSeconds.percentile(P99);
    report
        .bound(
            n2.falseCloses >= LEAST_OF_N2,
            "stock_n2: %d (expected: >= %d)",
            n2.falseCloses,
            LEAST_OF_N2)
        .bound(
            ours.falseCloses <= tuned.falseCloses,
            "holdfast: %d (expected: <= stock_tuned, %d)",
            ours.falseCloses,
            tuned.falseCloses)
        .bound(
            ours.falseCloses <= MOST_SHARE_OF_N2 * n2.falseCloses,
            "holdfast: %d (expected: <= 1 %% of stock_n2, %d)",
            ours.falseCloses,
            n2.falseCloses)
        .bound(
            deadRatio <= MOST_DEAD_RATIO,
            "dead_p99_ratio: %.3f (expected: <= %.1f)",
            deadRatio,
            MOST_DEAD_RATIO);
    report
        .figure("stock_n2", n2.falseCloses)
        .figure("stock_tuned", tuned.falseCloses)
        .figure("holdfast", ours.falseCloses)
        .figure("dead_p99_ratio", deadRatio);
  }

  private static Tally play(String who, Options options, Report report, Player player) {
    long falseCloses = 0;
    List<Double> seconds = new ArrayList<>();
    long firstSeed = options.get(SEED);
    long living = options.get(LIVING);
    for (long i = 0; i < living + options.get(DEAD); i++) {
      Scene scene = Scene.mobileDevice(i < living ? Fate.LIVES : Fate.MACHINE_GONE);
      Rehearsal.Outcome outcome = player.play(firstSeed + i, scene);
      falseCloses += outcome.falseCloses();
      outcome.detectionNanos().ifPresent(nanos -> seconds.add(nanos / 1e9));
    }
    Sample dead = Sample.of(seconds);
    report.say(
        "%-18s %6d false closes; dead peers closed after %.1f s (p50), %.1f s (p99)",
        who, falseCloses, dead.median(), dead.percentile(P99));
    return new Tally(falseCloses, dead);
  }
}
