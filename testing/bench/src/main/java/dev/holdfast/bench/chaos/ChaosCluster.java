package dev.holdfast.bench.chaos;

import dev.holdfast.bench.run.ScratchFolder;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.registry.etcd.local.EtcdProcess;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A cluster of three real etcd members on loopback. Each member has data of its own and stands
 * behind a relay, which all clients go through. Confined to one thread, except for {@link
 * #memoryLosses}.
 */
final class ChaosCluster implements AutoCloseable {
  static final int SIZE = 3;

  /** Tokens end within a fault that turns authentication on. */
  private static final String TOKEN_TTL_SECONDS = "2";

  private static final int MAX_PORT_TRIES = 5;
  private static final int ASK_TIMEOUT_MILLIS = 1_000;
  private static final long ELECTION_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final long POLL_MILLIS = 50;

  private final ScratchFolder folder;
  private final List<EtcdProcess> members;
  private final List<TcpRelay> relays;
  private final AtomicInteger memoryLosses = new AtomicInteger();

  private ChaosCluster(ScratchFolder folder, List<EtcdProcess> members) {
    this.folder = folder;
    this.members = members;
    this.relays = members.stream().map(m -> TcpRelay.toPort(m.ports().client())).toList();
  }

  /** Starts a cluster of this program and waits until it serves. */
  static ChaosCluster start(String program) throws IOException {
    IOException last = new IOException("no port was tried");
    for (int i = 0; i < MAX_PORT_TRIES; i++) {
      ScratchFolder folder = ScratchFolder.create("holdfast-chaos-etcd");
      ChaosCluster cluster = new ChaosCluster(folder, choose(program, folder.path()));
      try {
        cluster.startAll();
        return cluster;
      } catch (IOException e) {
        boolean portTaken = cluster.isAnyPortTaken();
        cluster.close();
        if (!portTaken) {
          throw e;
        }
        last = e;
      }
    }
    throw last;
  }

  private static List<EtcdProcess> choose(String program, Path folder) {
    List<EtcdProcess.Ports> ports =
        IntStream.range(0, SIZE).mapToObj(i -> EtcdProcess.Ports.free()).toList();
    String initial =
        IntStream.range(0, SIZE)
            .mapToObj(i -> "m" + i + "=http://127.0.0.1:" + ports.get(i).peer())
            .collect(Collectors.joining(","));
    List<String> arguments =
        List.of(
            "--initial-cluster=" + initial,
            "--auth-token-ttl=" + TOKEN_TTL_SECONDS,
            "--bcrypt-cost=4");
    return IntStream.range(0, SIZE)
        .mapToObj(
            i ->
                new EtcdProcess(program, "m" + i, folder.resolve("m" + i), ports.get(i), arguments))
        .toList();
  }

  private boolean isAnyPortTaken() throws IOException {
    for (EtcdProcess member : members) {
      if (member.isPortTaken()) {
        return true;
      }
    }
    return false;
  }

  EtcdProcess member(int i) {
    return members.get(i);
  }

  /** The way of clients to a member. */
  TcpRelay relay(int i) {
    return relays.get(i);
  }

  /** A target through the links, with the user that {@link EtcdOperator} makes. */
  String target(String service, String parameters) {
    return "etcd://%s:%s@127.0.0.1:%d/%s?endpoints=127.0.0.1:%d,127.0.0.1:%d&%s"
        .formatted(
            EtcdOperator.USER,
            EtcdOperator.PASSWORD,
            relays.get(0).port(),
            service,
            relays.get(1).port(),
            relays.get(2).port(),
            parameters);
  }

  /** The member that leads; the first one when none does in time. */
  int leader() throws InterruptedException {
    long endNanos = System.nanoTime() + ELECTION_PATIENCE_NANOS;
    while (System.nanoTime() - endNanos < 0) {
      OptionalInt leading = IntStream.range(0, SIZE).filter(this::leads).findFirst();
      if (leading.isPresent()) {
        return leading.getAsInt();
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
    return 0;
  }

  private boolean leads(int i) {
    URI uri = URI.create("http://127.0.0.1:" + members.get(i).ports().metrics() + "/metrics");
    try {
      HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
      connection.setConnectTimeout(ASK_TIMEOUT_MILLIS);
      connection.setReadTimeout(ASK_TIMEOUT_MILLIS);
      try (InputStream body = connection.getInputStream()) {
        String metrics = new String(body.readAllBytes(), StandardCharsets.UTF_8);
        return metrics.lines().anyMatch("etcd_server_is_leader 1"::equals);
      }
    } catch (IOException e) {
      // One that does not answer leads nobody.
      return false;
    }
  }

  /** Starts every member that does not run and waits until all serve. */
  void startAll() throws IOException {
    for (EtcdProcess member : members) {
      if (!member.isAlive()) {
        member.start();
      }
    }
    for (EtcdProcess member : members) {
      member.awaitHealthy();
    }
  }

  void killAll() {
    members.forEach(EtcdProcess::kill);
  }

  /** Kills all members, empties them and starts them again with the same flags. */
  void wipe() throws IOException {
    killAll();
    for (EtcdProcess member : members) {
      member.wipe();
    }
    memoryLosses.incrementAndGet();
    startAll();
  }

  /** Copies what all members hold at one moment, in which all of them stand still. */
  Path backUp() throws IOException {
    Path backup = Files.createTempDirectory(folder.path(), "backup");
    try {
      for (EtcdProcess member : members) {
        member.pause();
      }
      for (EtcdProcess member : members) {
        copy(member.dataFolder(), backup.resolve(member.name()));
      }
    } finally {
      for (EtcdProcess member : members) {
        member.resume();
      }
    }
    return backup;
  }

  /** Kills all members and starts them again with what {@link #backUp} copied. */
  void restore(Path backup) throws IOException {
    killAll();
    for (EtcdProcess member : members) {
      member.wipe();
      copy(backup.resolve(member.name()), member.dataFolder());
    }
    memoryLosses.incrementAndGet();
    startAll();
  }

  /** The number of times that the store was made to lose all or the latest part of its data. */
  int memoryLosses() {
    return memoryLosses.get();
  }

  private static void copy(Path from, Path to) throws IOException {
    List<Path> files = new ArrayList<>();
    try (Stream<Path> found = Files.walk(from)) {
      found.forEach(files::add);
    }
    for (Path file : files) {
      Path copied = to.resolve(from.relativize(file).toString());
      Files.createDirectories(copied.getParent());
      Files.copy(file, copied);
    }
  }

  @Override
  public void close() throws IOException {
    members.forEach(EtcdProcess::close);
    relays.forEach(TcpRelay::close);
    folder.close();
  }
}
