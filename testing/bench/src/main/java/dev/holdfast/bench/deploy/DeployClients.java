package dev.holdfast.bench.deploy;

import dev.holdfast.bench.run.Machine;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.lab.process.ParentLine;
import dev.holdfast.streams.grpc.ClientStreams;
import dev.holdfast.streams.grpc.StreamEvents;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * A child process with streams of each kind to the servers of a registry, spread over a few
 * channels.
 */
final class DeployClients {
  private static final String OPEN = "OPEN";
  private static final String PAUSE = "PAUSE";
  private static final String ENDED = "ENDED";
  private static final String FINISH = "FINISH";
  private static final String UNFINISHED = "UNFINISHED";
  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final List<String> JVM_OPTIONS = List.of("-Xmx1500m", "-XX:+UseSerialGC");

  /**
   * The settings of all clients of a fleet.
   *
   * @param target where they find servers
   * @param resumable whether their channels have Holdfast's streams; else they are those of
   *     grpc-java
   * @param streams streams of each kind
   * @param rate messages per second that each stream sends
   */
  record Settings(String target, boolean resumable, int channels, int streams, int rate) {}

  /**
   * What applications saw.
   *
   * @param ended streams that ended though their application did not want it
   * @param waited times that a stream was told to be without a connection for long
   * @param causes the statuses of these ends, for people
   */
  record Seen(long ended, long waited, String causes) {
    static Seen parse(String line) {
      String[] words = line.split(" ", 3);
      return new Seen(Long.parseLong(words[0]), Long.parseLong(words[1]), words[2]);
    }
  }

  private final ChildJvm child;
  private final Path ledger;

  private DeployClients(ChildJvm child, Path ledger) {
    this.child = child;
    this.ledger = ledger;
  }

  /** Starts the process; nothing is opened yet. */
  static DeployClients start(RunResources runResources, Settings settings, Path ledger)
      throws IOException {
    List<String> args =
        List.of(
            settings.target(),
            "" + settings.resumable(),
            "" + settings.channels(),
            "" + settings.streams(),
            "" + settings.rate(),
            ledger.toString());
    ChildJvm child =
        runResources.own(ChildJvm.start("clients", DeployClients.class, JVM_OPTIONS, args));
    return new DeployClients(child, ledger);
  }

  /** Opens all streams; from then on they send. Returns when each that is answered was. */
  void open() throws IOException, InterruptedException {
    var unused = ask(OPEN);
  }

  /** What applications saw since the beginning. */
  Seen seen() throws IOException, InterruptedException {
    return Seen.parse(ask(ENDED));
  }

  /**
   * The pause that 99 of 100 answered streams did not exceed since this was asked before, in
   * milliseconds: the longest time between two answers of a stream, less that between two messages.
   */
  double p99PauseMillis() throws IOException, InterruptedException {
    return Double.parseDouble(ask(PAUSE));
  }

  /** Half-closes all streams. From now on an end is what their applications want. */
  void finish() throws IOException, InterruptedException {
    var unused = ask(FINISH);
  }

  /**
   * Waits for the ends of all streams, behind {@link #finish}.
   *
   * @return streams that did not end
   */
  long awaitEnds() throws IOException, InterruptedException {
    return Long.parseLong(ask(UNFINISHED));
  }

  /** What they sent and took; to be asked behind {@link #awaitEnds}. */
  List<DeliveryLedger.Entry> ledger() throws IOException {
    return DeliveryLedger.read(ledger);
  }

  void close() throws InterruptedException {
    child.close();
  }

  private String ask(String word) throws IOException, InterruptedException {
    child.send(word);
    return child.await(word, PATIENCE);
  }

  /** The program: {@code TARGET RESUMABLE CHANNELS STREAMS RATE LEDGER}. */
  public static void main(String[] args) throws Exception {
    Settings settings =
        new Settings(
            args[0],
            Boolean.parseBoolean(args[1]),
            Integer.parseInt(args[2]),
            Integer.parseInt(args[3]),
            Integer.parseInt(args[4]));
    Program program = new Program(settings);
    ParentLine parent = new ParentLine();
    for (String asked = parent.next(); !asked.isEmpty(); asked = parent.next()) {
      switch (asked) {
        case OPEN -> {
          program.open();
          parent.say("%s 0", OPEN);
        }
        case PAUSE -> parent.say("%s %.1f", PAUSE, program.p99PauseMillis());
        case ENDED -> parent.say("%s %s", ENDED, program.seen());
        case FINISH -> {
          program.streams.forEach(ApplicationStream::finish);
          parent.say("%s 0", FINISH);
        }
        case UNFINISHED -> {
          long unfinished = program.awaitEnds();
          program.ledger.write(Path.of(args[5]));
          parent.say("%s %d", UNFINISHED, unfinished);
        }
        default -> throw new IllegalArgumentException(asked);
      }
    }
    System.exit(0);
  }

  private static final class Program implements ApplicationStream.Listener, StreamEvents {
    private static final int OPENING_AT_ONCE = 200;
    private static final int STEPS_PER_SECOND = 50;
    private static final double QUANTILE = 0.99;
    private static final int MAX_CAUSES = 20;

    /** An application opens a stream anew within this time. */
    private static final long REOPENED_WITHIN_MILLIS = 1_000;

    private final Settings settings;
    private final DeliveryLedger ledger = new DeliveryLedger();
    private final List<ApplicationStream> streams = new ArrayList<>();
    private final Set<ApplicationStream> opening = ConcurrentHashMap.newKeySet();
    private final Semaphore opened = new Semaphore(OPENING_AT_ONCE);
    private final Set<ApplicationStream> ended = ConcurrentHashMap.newKeySet();
    private final Set<ApplicationStream> finished = ConcurrentHashMap.newKeySet();
    private final Map<String, LongAdder> causes = new ConcurrentHashMap<>();
    private final LongAdder waited = new LongAdder();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    private final Executor callbacks = Executors.newFixedThreadPool(Machine.cores());
    private double due;
    private int next;

    Program(Settings settings) {
      this.settings = settings;
    }

    void open() throws InterruptedException {
      ClientStreams sessions = ClientStreams.builder().executor(callbacks).events(this).build();
      List<ManagedChannel> channels = new ArrayList<>();
      for (int i = 0; i < settings.channels(); i++) {
        channels.add(settings.resumable() ? ours(sessions) : stock());
      }
      for (StreamKind kind : StreamKind.values()) {
        for (int i = 0; i < settings.streams(); i++) {
          ManagedChannel channel = channels.get(i % settings.channels());
          ApplicationStream stream = ApplicationStream.of(kind, this, channel, i, ledger);
          streams.add(stream);
          if (kind != StreamKind.CLIENT_STREAMING) {
            acquire(1);
            opening.add(stream);
          }
          stream.open();
          stream.send();
        }
        acquire(OPENING_AT_ONCE);
        opened.release(OPENING_AT_ONCE);
      }
      var unused =
          clock.scheduleAtFixedRate(this::step, 0, 1_000 / STEPS_PER_SECOND, TimeUnit.MILLISECONDS);
    }

    private ManagedChannel ours(ClientStreams sessions) {
      return HoldfastChannelBuilder.forTarget(
              settings.target(), InsecureChannelCredentials.create())
          .executor(callbacks)
          .intercept(sessions)
          .build();
    }

    private ManagedChannel stock() {
      return NettyChannelBuilder.forTarget(settings.target(), InsecureChannelCredentials.create())
          .defaultLoadBalancingPolicy("round_robin")
          .executor(callbacks)
          .build();
    }

    private void step() {
      due += (double) streams.size() * settings.rate() / STEPS_PER_SECOND;
      for (; due >= 1; due--) {
        streams.get(next++ % streams.size()).send();
      }
    }

    double p99PauseMillis() {
      long[] longest =
          streams.stream()
              .mapToLong(ApplicationStream::takeLongestPauseNanos)
              .filter(nanos -> nanos > 0)
              .sorted()
              .toArray();
      if (longest.length == 0) {
        return 0;
      }
      long at = longest[(int) Math.min(longest.length - 1L, (long) (QUANTILE * longest.length))];
      return Math.max(0, at - 1e9 / settings.rate()) / 1e6;
    }

    String seen() {
      return ended.size() + " " + waited.sum() + " " + causes;
    }

    long awaitEnds() throws InterruptedException {
      long end = System.nanoTime() + PATIENCE.toNanos() / 2;
      while (finished.size() < streams.size() && System.nanoTime() - end < 0) {
        TimeUnit.MILLISECONDS.sleep(1_000 / STEPS_PER_SECOND);
      }
      return (long) streams.size() - finished.size();
    }

    private void acquire(int permits) throws InterruptedException {
      if (!opened.tryAcquire(permits, PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        throw new IllegalStateException("streams were not answered: " + causes);
      }
    }

    @Override
    public void onMessage(ApplicationStream stream) {
      if (opening.remove(stream)) {
        opened.release();
      }
    }

    @Override
    public void onFinished(ApplicationStream stream) {
      finished.add(stream);
    }

    @Override
    public void onEnded(ApplicationStream stream, Throwable cause) {
      ended.add(stream);
      if (causes.size() < MAX_CAUSES) {
        String text = Status.fromThrowable(cause).toString().replace('\n', ' ');
        causes.computeIfAbsent(text, unused -> new LongAdder()).increment();
      }
      if (!settings.resumable()) {
        long delay = ThreadLocalRandom.current().nextLong(REOPENED_WITHIN_MILLIS);
        var unused = clock.schedule(stream::open, delay, TimeUnit.MILLISECONDS);
      }
    }

    @Override
    public void onWaiting(Duration left, String cause) {
      waited.increment();
    }
  }
}
