package dev.holdfast.bench.soak;

import dev.holdfast.bench.load.StaticResolver;
import dev.holdfast.bench.run.Machine;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.lab.process.ParentLine;
import dev.holdfast.streams.grpc.ClientStreams;
import io.grpc.Channel;
import io.grpc.EquivalentAddressGroup;
import io.grpc.InsecureChannelCredentials;
import io.grpc.NameResolverRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** A child process, in Java or in Go, with streams of each kind to fleets of servers. */
final class SoakClients {
  private static final String OPEN = "OPEN";
  private static final String COUNT = "COUNT";
  private static final String FINISH = "FINISH";
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final List<String> JVM_OPTIONS = List.of("-Xmx1g", "-XX:+UseSerialGC");

  private final ChildJvm child;

  private SoakClients(ChildJvm child) {
    this.child = child;
  }

  /**
   * The number of streams, and how often each sends.
   *
   * @param perConnection streams that share a connection
   * @param ofEachKind streams of each kind to each fleet
   */
  record Size(int ofEachKind, int perConnection, long intervalMillis) {
    private String line() {
      return ofEachKind + " " + perConnection + " " + intervalMillis;
    }

    private static Size parse(String[] words) {
      return new Size(
          Integer.parseInt(words[1]), Integer.parseInt(words[2]), Long.parseLong(words[3]));
    }
  }

  /**
   * Starts clients in Java; nothing is opened yet.
   *
   * @param fleets the ports of the servers of each fleet
   */
  static SoakClients inJava(RunResources runResources, List<List<Integer>> fleets)
      throws IOException {
    return new SoakClients(
        runResources.own(
            ChildJvm.start("clients", SoakClients.class, JVM_OPTIONS, arguments(fleets))));
  }

  /** Starts clients in Go, likewise. */
  static SoakClients inGo(RunResources runResources, List<List<Integer>> fleets)
      throws IOException {
    List<String> command = SoakServer.goProgram("clients");
    command.addAll(arguments(fleets));
    return new SoakClients(
        runResources.own(ChildJvm.startRecorded("go-clients", command, line -> {})));
  }

  private static List<String> arguments(List<List<Integer>> fleets) {
    return fleets.stream()
        .map(ports -> ports.stream().map(String::valueOf).collect(Collectors.joining(",")))
        .toList();
  }

  /** Opens all streams; from then on they send. Returns when each that is answered was. */
  void open(Size size) throws IOException, InterruptedException {
    child.send(OPEN + " " + size.line());
    var unused = child.await(OPEN, PATIENCE);
  }

  SoakCounts counts() throws IOException, InterruptedException {
    child.send(COUNT);
    return SoakCounts.parse(child.await(COUNT, PATIENCE));
  }

  /** Half-closes all streams. From now on an end is what their applications want. */
  void finish() throws IOException, InterruptedException {
    child.send(FINISH);
    var unused = child.await(FINISH, PATIENCE);
  }

  /** The program: the ports of each fleet, {@code PORT,PORT}. */
  public static void main(String[] args) throws Exception {
    List<List<Integer>> fleets =
        Arrays.stream(args)
            .map(ports -> Arrays.stream(ports.split(",", -1)).map(Integer::valueOf).toList())
            .toList();
    Program program = new Program();
    ParentLine parent = new ParentLine();
    for (String asked = parent.next(); !asked.isEmpty(); asked = parent.next()) {
      String[] words = asked.split(" ", -1);
      switch (words[0]) {
        case OPEN -> {
          program.open(fleets, Size.parse(words));
          parent.say(OPEN);
        }
        case COUNT -> parent.say("%s %s", COUNT, program.counts().line());
        case FINISH -> {
          program.streams.forEach(SoakStream::finish);
          parent.say(FINISH);
        }
        default -> throw new IllegalArgumentException(asked);
      }
    }
    System.exit(0);
  }

  private static final class Program {
    private static final String SCHEME = "soak-";
    private static final long POLL_MILLIS = 20;

    private final List<SoakStream> streams = new ArrayList<>();

    /** Kept: a channel that nobody refers to is taken for a leak. */
    private final List<Channel> channels = new ArrayList<>();

    private final ScheduledExecutorService clock =
        Executors.newScheduledThreadPool(Machine.cores());
    private final ExecutorService callbacks = Executors.newFixedThreadPool(Machine.cores());
    private final ClientStreams sessions =
        ClientStreams.builder().options(SoakServer.OPTIONS).executor(callbacks).build();

    void open(List<List<Integer>> fleets, Size size) throws InterruptedException {
      for (int i = 0; i < fleets.size(); i++) {
        NameResolverRegistry.getDefaultRegistry()
            .register(new StaticResolver(SCHEME + i, addresses(fleets.get(i))));
        for (int from = 0; from < size.ofEachKind(); from += size.perConnection()) {
          Channel channel = channel(SCHEME + i);
          channels.add(channel);
          int count = Math.min(size.perConnection(), size.ofEachKind() - from);
          for (SoakStream.Kind kind : SoakStream.Kind.values()) {
            for (int j = 0; j < count; j++) {
              begin(
                  SoakStream.open(kind, i, channel, size.intervalMillis()), size.intervalMillis());
            }
          }
          awaitAnswers();
        }
      }
    }

    private void begin(SoakStream stream, long intervalMillis) {
      streams.add(stream);
      stream.send();
      var unused =
          clock.scheduleAtFixedRate(
              stream::send,
              ThreadLocalRandom.current().nextLong(intervalMillis),
              intervalMillis,
              TimeUnit.MILLISECONDS);
    }

    private void awaitAnswers() throws InterruptedException {
      long end = System.nanoTime() + PATIENCE.toNanos() / 2;
      while (!streams.stream().allMatch(SoakStream::isAnswered)) {
        if (System.nanoTime() - end > 0) {
          throw new IllegalStateException("streams were not answered: " + counts());
        }
        TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
      }
    }

    private Channel channel(String scheme) {
      return HoldfastChannelBuilder.forTarget(
              scheme + ":///servers", InsecureChannelCredentials.create())
          .executor(callbacks)
          .intercept(sessions)
          .build();
    }

    private static List<EquivalentAddressGroup> addresses(List<Integer> ports) {
      return ports.stream()
          .map(port -> new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
          .map(EquivalentAddressGroup::new)
          .toList();
    }

    SoakCounts counts() {
      return streams.stream().map(SoakStream::counts).reduce(SoakCounts.NONE, SoakCounts::plus);
    }
  }
}
