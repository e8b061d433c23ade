package dev.holdfast.bench.sessions;

import dev.holdfast.bench.run.Machine;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.lab.process.ParentLine;
import dev.holdfast.streams.grpc.ClientStreams;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * A child process with streams to the servers of a registry, spread over a few channels. Each
 * stream sends at a fixed rate, in turn, and is answered.
 */
final class RebalanceClients {
  private static final String OPEN = "OPEN";
  private static final String FLOW = "FLOW";
  private static final String COUNT = "COUNT";
  private static final String PAUSE = "PAUSE";
  private static final String COMPILED = "COMPILED";
  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final int OPENING_AT_ONCE = 200;
  private static final int STEPS_PER_SECOND = 50;
  private static final double MEDIAN = 0.5;
  private static final double QUANTILE = 0.99;

  /**
   * A stop of this process would count as a pause of all streams: its collector works beside it.
   */
  private static final List<String> JVM_OPTIONS = List.of("-Xmx1g", "-XX:+UseZGC");

  private final ChildJvm child;

  private RebalanceClients(ChildJvm child) {
    this.child = child;
  }

  /**
   * Starts the process; nothing is opened yet.
   *
   * @param resumable whether the streams have sessions; else they are those of grpc-java, which the
   *     application opens anew after an error
   */
  static RebalanceClients start(
      RunResources runResources, String target, boolean resumable, int channels, int streams)
      throws IOException {
    return new RebalanceClients(
        runResources.own(
            ChildJvm.start(
                "clients",
                RebalanceClients.class,
                JVM_OPTIONS,
                List.of(target, "" + resumable, "" + channels, "" + streams))));
  }

  /** Opens all streams; returns when each has had an answer. */
  void open() throws IOException, InterruptedException {
    var unused = ask(OPEN);
  }

  /** From now on all streams together send so many messages a second. */
  void flow(int perSecond) throws IOException, InterruptedException {
    var unused = ask(FLOW + " " + perSecond);
  }

  DeliveryCounts count() throws IOException, InterruptedException {
    return DeliveryCounts.parse(ask(COUNT));
  }

  /**
   * The pauses of all streams since this was asked before. That of a stream is the longest time
   * between two of its answers, less the time between two messages.
   */
  Pauses pauses() throws IOException, InterruptedException {
    return Pauses.parse(ask(PAUSE));
  }

  /** The pauses that a half and 99 of 100 streams did not exceed, and the longest one. */
  record Pauses(double p50Millis, double p99Millis, double maxMillis) {
    static Pauses of(long[] sortedNanos, double intervalNanos) {
      return new Pauses(
          at(sortedNanos, intervalNanos, MEDIAN),
          at(sortedNanos, intervalNanos, QUANTILE),
          at(sortedNanos, intervalNanos, 1));
    }

    private static double at(long[] sortedNanos, double intervalNanos, double quantile) {
      int last = sortedNanos.length - 1;
      long nanos = sortedNanos[(int) Math.min(last, (long) (quantile * sortedNanos.length))];
      return Math.max(0, nanos - intervalNanos) / 1e6;
    }

    static Pauses parse(String line) {
      String[] words = line.split(" ", -1);
      return new Pauses(
          Double.parseDouble(words[0]), Double.parseDouble(words[1]), Double.parseDouble(words[2]));
    }

    String line() {
      return "%.1f %.1f %.1f".formatted(p50Millis, p99Millis, maxMillis);
    }

    @Override
    public String toString() {
      return "p50 %.0f ms, p99 %.0f ms, max %.0f ms".formatted(p50Millis, p99Millis, maxMillis);
    }
  }

  /** The time that its compilers have taken so far, in milliseconds. */
  long compiledMillis() throws IOException, InterruptedException {
    return Long.parseLong(ask(COMPILED));
  }

  void close() throws InterruptedException {
    child.close();
  }

  private String ask(String line) throws IOException, InterruptedException {
    child.send(line);
    return child.await(line.split(" ", -1)[0], PATIENCE);
  }

  /** The program: {@code TARGET RESUMABLE CHANNELS STREAMS}. */
  public static void main(String[] args) throws Exception {
    Program program = new Program(args[0], Boolean.parseBoolean(args[1]));
    ParentLine parent = new ParentLine();
    for (String asked = parent.next(); !asked.isEmpty(); asked = parent.next()) {
      String[] words = asked.split(" ", -1);
      switch (words[0]) {
        case OPEN -> {
          program.open(Integer.parseInt(args[2]), Integer.parseInt(args[3]));
          parent.say("%s 0", OPEN);
        }
        case FLOW -> {
          program.flow(Integer.parseInt(words[1]));
          parent.say("%s 0", FLOW);
        }
        case COUNT -> parent.say("%s %s", COUNT, program.tally.count().line());
        case COMPILED -> parent.say("%s %d", COMPILED, Machine.compiledMillis());
        case PAUSE -> parent.say("%s %s", PAUSE, program.pauses().line());
        default -> throw new IllegalArgumentException(asked);
      }
    }
    System.exit(0);
  }

  /** The longest time between two answers of a stream. */
  private static final class AnswerGap {
    private final Semaphore opening;
    private long lastNanos;
    private long longestNanos;

    AnswerGap(Semaphore opening) {
      this.opening = opening;
    }

    void onAnswer() {
      boolean first;
      synchronized (this) {
        long nowNanos = System.nanoTime();
        first = lastNanos == 0;
        if (!first) {
          longestNanos = Math.max(longestNanos, nowNanos - lastNanos);
        }
        lastNanos = nowNanos;
      }
      if (first) {
        opening.release();
      }
    }

    /** A gap that is not over counts too. */
    synchronized long take() {
      long nowNanos = System.nanoTime();
      long longest = Math.max(longestNanos, nowNanos - lastNanos);
      longestNanos = 0;
      return longest;
    }
  }

  private static final class Program {
    private final String target;
    private final boolean resumable;
    private final Device.DeviceTally tally = new Device.DeviceTally();
    private final List<Device> devices = new ArrayList<>();
    private final List<AnswerGap> gaps = new ArrayList<>();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    private final Executor callbacks = Executors.newFixedThreadPool(Machine.cores());
    private volatile int perStep;
    private double intervalNanos;
    private int next;

    Program(String target, boolean resumable) {
      this.target = target;
      this.resumable = resumable;
    }

    void open(int channels, int streams) throws InterruptedException {
      ClientStreams sessions = ClientStreams.builder().executor(callbacks).build();
      Semaphore opening = new Semaphore(OPENING_AT_ONCE);
      List<ManagedChannel> all = new ArrayList<>();
      for (int i = 0; i < channels; i++) {
        all.add(resumable ? ours(sessions) : stock());
      }
      for (int i = 0; i < streams; i++) {
        acquire(opening, 1);
        AnswerGap gap = new AnswerGap(opening);
        Device device =
            resumable
                ? new SessionDevice(tally, gap::onAnswer)
                : new ReopenedDevice(tally, gap::onAnswer, clock);
        gaps.add(gap);
        devices.add(device);
        device.open(all.get(i % channels));
        device.send();
      }
      acquire(opening, OPENING_AT_ONCE);
      var unused =
          clock.scheduleAtFixedRate(this::step, 0, 1_000 / STEPS_PER_SECOND, TimeUnit.MILLISECONDS);
    }

    private ManagedChannel ours(ClientStreams sessions) {
      return HoldfastChannelBuilder.forTarget(target, InsecureChannelCredentials.create())
          .executor(callbacks)
          .intercept(sessions)
          .build();
    }

    private ManagedChannel stock() {
      return NettyChannelBuilder.forTarget(target, InsecureChannelCredentials.create())
          .defaultLoadBalancingPolicy("round_robin")
          .executor(callbacks)
          .build();
    }

    void flow(int perSecond) {
      perStep = perSecond / STEPS_PER_SECOND;
      intervalNanos = perStep == 0 ? 0 : 1e9 * devices.size() / perSecond;
    }

    private void step() {
      for (int i = 0; i < perStep; i++) {
        devices.get(next++ % devices.size()).send();
      }
    }

    Pauses pauses() {
      return Pauses.of(gaps.stream().mapToLong(AnswerGap::take).sorted().toArray(), intervalNanos);
    }

    private static void acquire(Semaphore opening, int permits) throws InterruptedException {
      if (!opening.tryAcquire(permits, PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        throw new IllegalStateException("streams were not answered");
      }
    }
  }
}
