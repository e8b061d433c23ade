package dev.holdfast.bench.chaos;

import dev.holdfast.bench.load.OpenLoopLoad;
import dev.holdfast.bench.registry.MissingEndpoints;
import dev.holdfast.bench.run.Report;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** A run against one release of etcd: a quiet time first, then one fault after the other. */
final class EtcdChaosRound {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final long CHANGE_MILLIS = 100;
  private static final int GAPS_TOLD = 8;
  private static final int NAMES_TOLD = 5;

  /** The times of a run. */
  record Times(long quietSeconds, long seconds, long mostFaultMillis, long beyondTtlMillis) {
    long mostPauseMillis() {
      return mostFaultMillis / 2 + 1;
    }
  }

  /** The figures of one run. */
  record Outcome(
      int faults,
      int lost,
      int falseWipes,
      double missingSeconds,
      long calls,
      long failed,
      long idleWatchBreaks) {}

  private record Begun(EtcdFault fault, long atNanos) {}

  private final String label;
  private final ChaosCluster etcd;
  private final ChaosWorkload population;
  private final Times times;
  private final Random random;
  private final Report report;
  private final List<Begun> begun = new ArrayList<>();
  private volatile boolean changing = true;

  EtcdChaosRound(
      String label,
      ChaosCluster etcd,
      ChaosWorkload population,
      Times times,
      Random random,
      Report report) {
    this.label = label;
    this.etcd = etcd;
    this.population = population;
    this.times = times;
    this.random = random;
    this.report = report;
  }

  Outcome run(EtcdFaultSequence deck, List<Integer> ports, int ttlSeconds) throws Exception {
    population.start(ports);
    require(population.settle(PATIENCE), "before the first fault");
    OpenLoopLoad calls = population.call();
    population.followers().forEach(MissingEndpoints::begin);
    report.say("%s: %d instances stand; a quiet time begins", label, ports.size());
    long breaks = population.watchRestarts();
    TimeUnit.SECONDS.sleep(times.quietSeconds());
    breaks = population.watchRestarts() - breaks;
    report.say("%s: watches that broke in the quiet time: %d; faults begin", label, breaks);

    Thread changes = new Thread(this::change, "bench-chaos-changes");
    changes.setDaemon(true);
    changes.start();
    try {
      injectFaults(deck, calls);
    } finally {
      changing = false;
      changes.join();
    }
    Set<String> lost = population.settle(PATIENCE);
    if (lost.isEmpty()) {
      // A record that stands under a lease that nobody keeps ends by now.
      TimeUnit.SECONDS.sleep(ttlSeconds + 1L);
      lost = population.settle(PATIENCE);
    }
    population.followers().forEach(MissingEndpoints::end);
    calls.stop();
    tell(lost, calls);
    return new Outcome(
        begun.size(),
        lost.size(),
        population.falseWipes().size(),
        population.followers().stream().mapToDouble(MissingEndpoints::seconds).max().orElse(0),
        calls.issued(),
        calls.failed() + calls.unaccounted(),
        breaks);
  }

  private void injectFaults(EtcdFaultSequence deck, OpenLoopLoad calls) throws Exception {
    EtcdFault.FaultParameters faultParameters =
        new EtcdFault.FaultParameters(random, times.mostFaultMillis(), times.beyondTtlMillis());
    long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(times.seconds());
    while (System.nanoTime() - endNanos < 0) {
      TimeUnit.MILLISECONDS.sleep(random.nextLong(times.mostPauseMillis()));
      EtcdFault fault = deck.next();
      long beganNanos = System.nanoTime();
      begun.add(new Begun(fault, beganNanos));
      fault.inject(etcd, faultParameters);
      report.say(
          "%s: %s, %.1f s; %d calls, %d failed",
          label, fault, (System.nanoTime() - beganNanos) / 1e9, calls.issued(), calls.failed());
    }
  }

  /** Records change all the time, so that the store has a history. */
  private void change() {
    for (int i = 0; changing; i++) {
      population.change(i);
      try {
        TimeUnit.MILLISECONDS.sleep(CHANGE_MILLIS);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void tell(Set<String> lost, OpenLoopLoad calls) {
    if (!lost.isEmpty()) {
      report.say(
          "%s: lost %d, such as %s", label, lost.size(), lost.stream().limit(NAMES_TOLD).toList());
    }
    Map<String, Long> failures = calls.failures();
    if (!failures.isEmpty()) {
      report.say("%s: failures: %s", label, failures);
    }
    population.falseWipes().stream()
        .limit(NAMES_TOLD)
        .forEach(
            atNanos ->
                report.say("%s: a wipe was declared that was none, %s", label, when(atNanos)));
    population.followers().stream()
        .flatMap(follower -> follower.gaps().stream())
        .sorted(Comparator.comparingLong(MissingEndpoints.Gap::nanos).reversed())
        .limit(GAPS_TOLD)
        .forEach(
            gap ->
                report.say(
                    "%s: a follower lacked up to %d for %.3f s, %s",
                    label, gap.most(), gap.nanos() / 1e9, when(gap.fromNanos())));
  }

  private String when(long nanos) {
    String text = "before any fault";
    for (Begun one : begun) {
      if (nanos - one.atNanos() >= 0) {
        text = "%.3f s after %s began".formatted((nanos - one.atNanos()) / 1e9, one.fault());
      }
    }
    return text;
  }

  private static void require(Set<String> missing, String when) {
    if (!missing.isEmpty()) {
      throw new IllegalStateException("not registered " + when + ": " + missing);
    }
  }
}
