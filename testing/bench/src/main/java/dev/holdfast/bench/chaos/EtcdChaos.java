package dev.holdfast.bench.chaos;

import dev.holdfast.bench.chaos.EtcdChaosRound.Outcome;
import dev.holdfast.bench.load.EchoServers;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.lab.process.ChildJvm;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * The benchmark of registrations, followers and calls under seeded faults of real etcd clusters.
 */
public final class EtcdChaos extends Comparison {
  private static final Option SECONDS =
      new Option("--seconds", 480, 24, 4, 36_000, "of faults, of both releases together");
  private static final Option QUIET =
      new Option("--quiet-seconds", 30, 3, 1, 3_600, "quiet time before them, per release");
  private static final Option INSTANCES =
      new Option("--instances", 46, 46, 1, 1_000, "registered, each with a lease of its own");
  private static final Option FOLLOWERS =
      new Option("--followers", 8, 4, 1, 100, "that keep a list");
  private static final Option RATE = new Option("--rate", 300, 100, 1, 10_000, "calls per second");
  private static final Option TTL = new Option("--ttl", 10, 5, 2, 60, "seconds of a lease");
  private static final Option FAULT_MILLIS =
      new Option("--fault-millis", 12_000, 1_500, 1, 60_000, "that a fault lasts at most");
  private static final Option BEYOND_TTL =
      new Option("--stop-seconds", 32, 7, 3, 600, "that a leader is stopped beyond the TTL");
  private static final Option SEED =
      new Option("--seed", 0, 0, 0, Integer.MAX_VALUE, "of the faults; 0: a new one");

  private static final double MISSING_BOUND_SECONDS = 2;

  @Override
  public String name() {
    return "etcd-chaos";
  }

  @Override
  public String summary() {
    return "10 minutes of real faults of etcd 3.4 and 3.6: no registration lost, no call failed";
  }

  @Override
  public List<Option> options() {
    return List.of(SECONDS, QUIET, INSTANCES, FOLLOWERS, RATE, TTL, FAULT_MILLIS, BEYOND_TTL, SEED);
  }

  @Override
  public void validate(Options options) {
    if (options.get(BEYOND_TTL) <= options.get(TTL)) {
      throw new IllegalArgumentException(
          "--stop-seconds: "
              + options.get(BEYOND_TTL)
              + " (expected: more than --ttl, "
              + options.get(TTL)
              + ")");
    }
  }

  @Override
  protected List<String> method() {
    return List.of(
        "A cluster of three real etcd members with a relay of the lab's before each, first of the"
            + " etcd on the PATH, then of",
        "3.6. Instances register and followers keep lists, each with connections, watches and a"
            + " lease of its own; the",
        "instances are real gRPC servers, called at a steady rate through the registry by calls"
            + " that nothing may repeat.",
        "First a quiet time, then one fault after the other: members and leaders stopped"
            + " (SIGSTOP) or killed (-9), the quorum",
        "or all of them killed, the store wiped, restored from a backup, or both, compactions while"
            + " watches begin,",
        "authentication turned on and off with tokens that end, links cut or stalled, a leader"
            + " stopped beyond the TTL.",
        "All servers live all the time, so every call has a live endpoint.",
        "lost_registrations: not visible, not in the store or not in a list when all has healed;"
            + " false_wipes: wipes declared",
        "where nothing was; live_endpoints_missing_s: times in which a follower's list lacked a"
            + " live endpoint, added up, the",
        "worst follower of each release; idle_watch_breaks: watches begun again in the quiet time."
            + " The seed decides the",
        "faults and pauses, not what they hit.");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "for ours: instances and followers share one process and three event loops; the servers"
            + " never fail.");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    long seed =
        options.get(SEED) == 0
            ? ThreadLocalRandom.current().nextInt(1, Integer.MAX_VALUE)
            : options.get(SEED);
    report.say("seed %d", seed);
    Path root = Path.of(System.getProperty("holdfast.home", "."));
    List<Outcome> outcomes = new ArrayList<>();
    List<EtcdProgram> programs = List.of(EtcdProgram.values());
    ChildJvm servers = EchoServers.start(runResources, options.get(INSTANCES), true);
    List<Integer> ports = EchoServers.ports(servers);
    EtcdFaultSequence deck = new EtcdFaultSequence(new Random(seed));
    for (EtcdProgram program : programs) {
      Optional<String> command = program.command(root);
      if (command.isPresent()) {
        Random random = new Random(31 * seed + program.label().hashCode());
        int seconds = options.get(SECONDS) / programs.size();
        try (RunResources round = runResources.own(new RunResources())) {
          ChaosCluster etcd = round.own(ChaosCluster.start(command.get()));
          ChaosWorkload.Size size =
              new ChaosWorkload.Size(options.get(FOLLOWERS), options.get(RATE), options.get(TTL));
          ChaosWorkload population = new ChaosWorkload(round, etcd, size, random);
          outcomes.add(
              new EtcdChaosRound(
                      program.label(), etcd, population, times(options, seconds), random, report)
                  .run(deck, ports, options.get(TTL)));
        }
      } else {
        report.say("etcd %s is left out: it can't be had here", program.label());
        report.bound(
            options.quick() && !"1".equals(System.getenv("HOLDFAST_NO_SKIPS")),
            "etcd %s was left out (expected: none; %s)",
            program.label(),
            program.remedy());
      }
    }
    conclude(report, outcomes, seed);
  }

  private static EtcdChaosRound.Times times(Options options, int seconds) {
    return new EtcdChaosRound.Times(
        options.get(QUIET),
        seconds,
        options.get(FAULT_MILLIS),
        TimeUnit.SECONDS.toMillis(options.get(BEYOND_TTL)));
  }

  private static void conclude(Report report, List<Outcome> outcomes, long seed) {
    int lost = outcomes.stream().mapToInt(Outcome::lost).sum();
    int falseWipes = outcomes.stream().mapToInt(Outcome::falseWipes).sum();
    double missing = outcomes.stream().mapToDouble(Outcome::missingSeconds).sum();
    long failed = outcomes.stream().mapToLong(Outcome::failed).sum();
    long breaks = outcomes.stream().mapToLong(Outcome::idleWatchBreaks).sum();
    int faults = outcomes.stream().mapToInt(Outcome::faults).sum();
    report
        .figure("faults", faults)
        .none("lost_registrations", lost)
        .none("false_wipes", falseWipes)
        .atMost("live_endpoints_missing_s", missing, MISSING_BOUND_SECONDS)
        .none("failed", failed)
        .atMost("idle_watch_breaks", breaks, 0)
        .figure("calls", outcomes.stream().mapToLong(Outcome::calls).sum())
        .figure("releases", outcomes.size())
        .figure("seed", seed)
        // On a machine that stands still for seconds this and breaks say nothing.
        .speedBound(
            faults >= EtcdFault.values().length,
            "faults: %d (expected: >= %d)",
            faults,
            EtcdFault.values().length);
  }
}
