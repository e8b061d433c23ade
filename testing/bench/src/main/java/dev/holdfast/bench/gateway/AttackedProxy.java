package dev.holdfast.bench.gateway;

import dev.holdfast.bench.attacks.Attack;
import dev.holdfast.bench.attacks.AttackProgram;
import dev.holdfast.bench.load.OpenLoopLoad;
import dev.holdfast.bench.process.ProcessMemory;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.Sample;
import dev.holdfast.lab.process.ChildJvm;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** A proxy under attack, with a bystander whose calls are measured. */
final class AttackedProxy {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final int CHANNELS = 4;
  private static final long SETTLING_MILLIS = 500;

  private final GatewayProxy proxy;
  private final List<ManagedChannel> channels;
  private final int callsPerSecond;
  private final Duration deadline;
  private final List<Double> quietMillis = new ArrayList<>();
  private final Map<Attack, AttackResult> results = new TreeMap<>();
  private long quietFailed;

  /**
   * The figures of a bystander's calls during one attack.
   *
   * @param millis latencies of the answered calls, in milliseconds
   * @param failed calls that failed or never ended
   * @param reasons the reasons of the failures with their counts
   * @param framesPerSecond frames that the attacker sent per second
   * @param connections connections that the attacker used
   */
  record AttackResult(
      Sample millis,
      long failed,
      Map<String, Long> reasons,
      double framesPerSecond,
      long connections) {}

  /** The outcome of the bystander's calls over some time; latencies in milliseconds. */
  private record Calls(List<Double> millis, long failed, Map<String, Long> reasons) {}

  AttackedProxy(
      GatewayProxy proxy, RunResources runResources, int callsPerSecond, Duration deadline) {
    this.proxy = proxy;
    this.channels = proxy.channels(runResources, CHANNELS);
    this.callsPerSecond = callsPerSecond;
    this.deadline = deadline;
  }

  GatewayProxy proxy() {
    return proxy;
  }

  Map<Attack, AttackResult> results() {
    return results;
  }

  /** The 99th of 100 calls while nobody attacked, over the whole run. */
  double quietP99() {
    return Sample.of(quietMillis).percentile(99);
  }

  /** Calls that failed while nobody attacked. */
  long quietFailed() {
    return quietFailed;
  }

  /** Calls without an attack, then beside one. */
  void measureUnderAttack(
      RunResources runResources, Attack attack, Duration quiet, Duration attacked)
      throws Exception {
    ChildJvm attacker =
        runResources.own(
            ChildJvm.start(
                "attacker",
                AttackProgram.class,
                List.of("-Xmx256m", "-XX:+UseSerialGC"),
                List.of(attack.name(), Integer.toString(proxy.port()))));
    attacker.await("READY", PATIENCE);
    // What the attack before left behind, and the start of a JVM, is no quiet time.
    TimeUnit.MILLISECONDS.sleep(SETTLING_MILLIS);
    Calls before = calls(quiet);
    quietMillis.addAll(before.millis);
    quietFailed += before.failed;
    attacker.send("BEGIN");
    Calls during = calls(attacked);
    attacker.send("END");
    String[] sent = attacker.await("SENT", PATIENCE).split(" ", -1);
    attacker.close();
    if (!proxy.isAlive()) {
      throw new IllegalStateException(proxy.name() + " has ended: " + proxy.lastWords());
    }
    List<Double> millis =
        during.millis.isEmpty() ? List.of((double) deadline.toMillis()) : during.millis;
    results.put(
        attack,
        new AttackResult(
            Sample.of(millis),
            during.failed,
            during.reasons,
            Double.parseDouble(sent[0]),
            Long.parseLong(sent[1])));
  }

  /** Calls for some time, without a word about them; so that nobody is cold. */
  void warmUp(Duration time) throws InterruptedException {
    var unused = calls(time);
  }

  private Calls calls(Duration time) throws InterruptedException {
    List<Double> millis = Collections.synchronizedList(new ArrayList<>());
    OpenLoopLoad.AnswerListener listener =
        (instance, sent, answered) -> millis.add((answered - sent) / 1e6);
    List<OpenLoopLoad> callers = new ArrayList<>();
    for (ManagedChannel channel : channels) {
      callers.add(new OpenLoopLoad(channel, callsPerSecond / CHANNELS, deadline, listener).start());
    }
    TimeUnit.NANOSECONDS.sleep(time.toNanos());
    long failed = 0;
    Map<String, Long> reasons = new TreeMap<>();
    for (OpenLoopLoad each : callers) {
      each.stop();
      failed += each.failed() + each.unaccounted();
      each.failures().forEach((why, count) -> reasons.merge(why, count, Long::sum));
    }
    return new Calls(new ArrayList<>(millis), failed, reasons);
  }

  /** The resident set size of the proxy's process, in bytes. */
  long residentBytes() throws IOException {
    return ProcessMemory.resident(proxy.pid());
  }
}
