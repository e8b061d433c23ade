package dev.holdfast.grpc;

import static org.awaitility.Awaitility.await;

import dev.holdfast.grpc.internal.pairing.ReplacementLimit;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.micrometer.core.instrument.Gauge;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * A client with a connection to each of many endpoints and a held stream on each, in a JVM of its
 * own: {@code ports}, with commas in between. Orders: {@code watch}, {@code report}, {@code check}.
 */
final class ManyConnectionsProgram {
  static final Duration WINDOW = Duration.ofSeconds(4);
  static final Duration HARD_LIMIT = Duration.ofSeconds(10);
  static final Duration CONNECT_WITHIN = Duration.ofSeconds(2);
  static final LivenessOptions LIVENESS =
      LivenessOptions.DEFAULT
          .withSafeIdle(Duration.ofSeconds(1))
          .withProbing(Duration.ofSeconds(2), Duration.ofSeconds(2))
          .withPatience(WINDOW, HARD_LIMIT)
          .withConnectWithin(CONNECT_WITHIN)
          .withPingPermit(LoopbackTopology.PERMIT);

  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final int SAMPLE_MILLIS = 10;
  private static final int AT_ONCE = 50;

  private final LoopbackTopology loopbackTopology = new LoopbackTopology();
  private final List<Integer> ports;
  private final ManagedChannel channel;
  private final List<HeldStream> held = new ArrayList<>();
  private final AtomicInteger mostReplacements = new AtomicInteger();
  private final AtomicInteger mostOpening = new AtomicInteger();
  private final AtomicLong firstEndNanos = new AtomicLong(Long.MAX_VALUE);
  private final long originNanos = System.nanoTime();
  private volatile long watchedNanos;
  private volatile int racedBefore;

  private ManyConnectionsProgram(List<Integer> ports) {
    this.ports = ports;
    channel = loopbackTopology.builder().loadBalancing("round_robin").liveness(LIVENESS).build();
  }

  public static void main(String[] args) throws Exception {
    ManyConnectionsProgram program =
        new ManyConnectionsProgram(
            Stream.of(args[0].split(",", -1)).map(Integer::valueOf).toList());
    program.hold();
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String order = orders.readLine(); order != null; order = orders.readLine()) {
      switch (order) {
        case "watch" -> program.watch();
        case "report" -> program.report();
        default -> program.check();
      }
    }
    program.channel.shutdownNow();
  }

  /** One stream each: while all are ready, round_robin goes round. */
  private void hold() {
    var unused = channel.getState(true);
    for (int i = 0; i < ports.size(); i++) {
      loopbackTopology.announce(LoopbackTopology.at(ports.get(i)));
      if ((i + 1) % AT_ONCE == 0) {
        // On a busy machine so many handshakes at once would not end in their time.
        awaitConnected(i + 1);
      }
    }
    awaitConnected(ports.size());
    for (int i = 0; i < ports.size(); i++) {
      HeldStream stream = HeldStream.follow(channel, "deaf");
      var unusedEnd = stream.end().thenRun(() -> firstEndNanos.accumulateAndGet(now(), Math::min));
      held.add(stream);
    }
    await()
        .atMost(PATIENCE)
        .until(() -> held.stream().noneMatch(stream -> stream.heard().isEmpty()));
    System.out.println("held " + held.size());
  }

  /** Must not be late: a bound that is looked at too seldom is no bound. */
  private void watch() {
    watchedNanos = now();
    racedBefore =
        (int) loopbackTopology.count("holdfast.grpc.replacements", "outcome", "took_over");
    ScheduledExecutorService sampler =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "sampler");
              thread.setDaemon(true);
              return thread;
            });
    var unused =
        sampler.scheduleWithFixedDelay(
            () -> {
              mostReplacements.accumulateAndGet(ReplacementLimit.shared().open(), Math::max);
              mostOpening.accumulateAndGet(connections("OPENING"), Math::max);
            },
            0,
            SAMPLE_MILLIS,
            TimeUnit.MILLISECONDS);
    System.out.println("watching");
  }

  private void report() {
    List<Status> ends =
        held.stream().filter(stream -> !stream.isOpen()).map(s -> s.end().join()).toList();
    List<String> codes =
        ends.stream().map(ManyConnectionsProgram::code).distinct().sorted().toList();
    long nowNanos = now();
    System.out.printf(
        "report ended=%d codes=%s first_ms=%d elapsed_ms=%d replacements_open=%d replacements=%d"
            + " opening=%d raced_before=%d%n",
        ends.size(),
        String.join(",", codes),
        ends.isEmpty() ? -1 : TimeUnit.NANOSECONDS.toMillis(firstEndNanos.get() - watchedNanos),
        TimeUnit.NANOSECONDS.toMillis(nowNanos - watchedNanos),
        mostReplacements.get(),
        (int) loopbackTopology.count("holdfast.grpc.replacements", "outcome", "unreachable"),
        mostOpening.get(),
        racedBefore);
  }

  private void check() {
    awaitConnected(ports.size());
    List<String> answers = LoopbackTopology.answers(channel, ports.size(), 30);
    // Those that failed last are let go by grpc some seconds later.
    await().atMost(PATIENCE).until(() -> ReplacementLimit.shared().open() == 0);
    System.out.println("answered " + answers.stream().filter("a"::equals).count());
  }

  private void awaitConnected(int most) {
    await().atMost(PATIENCE).until(() -> connections("LIVE") + connections("PROBING") >= most);
  }

  private int connections(String state) {
    Gauge gauge =
        loopbackTopology
            .meters
            .find("holdfast.liveness.connections")
            .tag("role", "client")
            .tag("state", state)
            .gauge();
    return gauge == null ? 0 : (int) gauge.value();
  }

  private long now() {
    return System.nanoTime() - originNanos;
  }

  private static String code(Status end) {
    String description = end.getDescription();
    return description == null ? end.getCode().name() : description.split(" ", 2)[0];
  }
}
