package dev.holdfast.registry.etcd;

import dev.holdfast.registry.etcd.local.EtcdProcess;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** Real etcd members on loopback, their data in a temporary folder. */
public final class EtcdCluster implements AutoCloseable {
  // Leases can be as short as 1 s, and a new leader takes half a second. A member that comes back
  // leaves the leader in peace, as by default from etcd 3.5 on.
  private static final List<String> FAST =
      List.of("--heartbeat-interval=50", "--election-timeout=500", "--pre-vote", "--bcrypt-cost=4");

  private static final int MAX_PORT_TRIES = 5;

  private final EtcdRelease release;
  private final Path folder;
  private final List<EtcdProcess> members;
  private final Optional<PeerNetwork> network;

  private EtcdCluster(
      EtcdRelease release, Path folder, List<EtcdProcess> members, Optional<PeerNetwork> network) {
    this.release = release;
    this.folder = folder;
    this.members = members;
    this.network = network;
  }

  /** Starts a cluster of this many members of the installed release and waits until it serves. */
  public static EtcdCluster start(int size, String... arguments) {
    return start(EtcdRelease.INSTALLED, size, arguments);
  }

  /** Starts a cluster of this many members and waits until it serves. */
  public static EtcdCluster start(EtcdRelease release, int size, String... arguments) {
    return start(() -> choose(release, size, arguments));
  }

  /** Starts a cluster whose members can be {@link #cutOff} from each other. Linux only. */
  static EtcdCluster startDivisible(EtcdRelease release, int size, String... arguments) {
    return start(() -> chooseDivisible(release, size, arguments));
  }

  /** Makes a cluster that is not running yet. */
  private interface Choice {
    EtcdCluster choose() throws IOException;
  }

  private static EtcdCluster start(Choice choice) {
    try {
      IOException last = new IOException("etcd was not tried");
      for (int i = 0; i < MAX_PORT_TRIES; i++) {
        EtcdCluster cluster = choice.choose();
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
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A cluster on ports that are free now. */
  private static EtcdCluster choose(EtcdRelease release, int size, String... arguments)
      throws IOException {
    String command = release.command();
    Path folder = Files.createTempDirectory("holdfast-etcd");
    List<EtcdProcess.Ports> ports =
        IntStream.range(0, size).mapToObj(i -> EtcdProcess.Ports.free()).toList();
    String initial =
        IntStream.range(0, size)
            .mapToObj(i -> "m" + i + "=http://127.0.0.1:" + ports.get(i).peer())
            .collect(Collectors.joining(","));
    List<String> all = new ArrayList<>(FAST);
    all.add("--initial-cluster=" + initial);
    all.addAll(List.of(arguments));
    return new EtcdCluster(
        release,
        folder,
        IntStream.range(0, size)
            .mapToObj(
                i -> new EtcdProcess(command, "m" + i, folder.resolve("m" + i), ports.get(i), all))
            .toList(),
        Optional.empty());
  }

  /** The same, with a network between the members. */
  private static EtcdCluster chooseDivisible(EtcdRelease release, int size, String... arguments)
      throws IOException {
    Path folder = Files.createTempDirectory("holdfast-etcd");
    PeerNetwork network = new PeerNetwork(size);
    String initial =
        IntStream.range(0, size)
            .mapToObj(i -> "m" + i + "=" + network.url(i))
            .collect(Collectors.joining(","));
    List<EtcdProcess> members = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      List<String> all = new ArrayList<>(FAST);
      all.add("--initial-cluster=" + initial);
      all.add("--initial-advertise-peer-urls=" + network.url(i));
      all.addAll(List.of(arguments));
      members.add(
          new EtcdProcess(
              release.command(), "m" + i, folder.resolve("m" + i), EtcdProcess.Ports.free(), all));
    }
    network.connect(members);
    return new EtcdCluster(release, folder, members, Optional.of(network));
  }

  /** Cuts one member off from all others; clients reach it as before. */
  void cutOff(int member) {
    network.orElseThrow().cutOff(member);
  }

  /** Ends what {@link #cutOff} began. */
  void heal() {
    network.orElseThrow().heal();
  }

  private boolean isAnyPortTaken() throws IOException {
    for (EtcdProcess member : members) {
      if (member.isPortTaken()) {
        return true;
      }
    }
    return false;
  }

  public EtcdProcess member(int i) {
    return members.get(i);
  }

  public List<EtcdProcess> members() {
    return members;
  }

  /** A URI with all members, the first one's port in the authority. */
  public String uri(String namespace, String... parameters) {
    String others =
        members.stream().skip(1).map(EtcdProcess::address).collect(Collectors.joining(","));
    List<String> query = new ArrayList<>(List.of(parameters));
    if (!others.isEmpty()) {
      query.add("endpoints=" + others);
    }
    String place = "etcd://" + members.get(0).address() + "/" + namespace;
    return query.isEmpty() ? place : place + "?" + String.join("&", query);
  }

  /** Starts every member that is not running and waits until all serve. */
  public void startAll() throws IOException {
    for (EtcdProcess member : members) {
      if (!member.isAlive()) {
        member.start();
      }
    }
    for (EtcdProcess member : members) {
      member.awaitHealthy();
    }
  }

  /** Stops all members, empties them and starts them again with the same flags. */
  public void wipeAll() throws IOException {
    for (EtcdProcess member : members) {
      member.kill();
      member.wipe();
    }
    startAll();
  }

  /**
   * Wipes a cluster of one and fills it before any client can see it: it listens elsewhere
   * meanwhile, with the same peer address and so the same cluster id.
   */
  void wipeAndFill(Consumer<RawEtcd> filling) throws IOException {
    EtcdProcess member = members.get(0);
    member.kill();
    member.wipe();
    EtcdProcess.Ports ports = member.ports();
    EtcdProcess.Ports elsewhere =
        new EtcdProcess.Ports(EtcdProcess.Ports.free().client(), ports.peer(), ports.metrics());
    List<String> arguments = new ArrayList<>(FAST);
    arguments.add("--advertise-client-urls=http://" + member.address());
    try (EtcdProcess hidden =
            new EtcdProcess(
                release.command(),
                member.name(),
                folder.resolve(member.name()),
                elsewhere,
                arguments);
        RawEtcd raw = new RawEtcd(hidden.address())) {
      hidden.start();
      hidden.awaitHealthy();
      filling.accept(raw);
      hidden.stop();
    }
    startAll();
  }

  /** Stops all members, copies what they hold, and starts them again. */
  void backUp(Path to) throws IOException {
    killAll();
    for (EtcdProcess member : members) {
      copy(member.dataFolder(), to.resolve(member.name()));
    }
    startAll();
  }

  /** Stops all members and starts them again with what {@link #backUp} copied. */
  void restore(Path from) throws IOException {
    killAll();
    for (EtcdProcess member : members) {
      member.wipe();
      copy(from.resolve(member.name()), member.dataFolder());
    }
    startAll();
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path copied = to.resolve(from.relativize(file));
        Files.createDirectories(copied.getParent());
        Files.copy(file, copied);
      }
    }
  }

  public void killAll() {
    members.forEach(EtcdProcess::kill);
  }

  @Override
  public void close() {
    members.forEach(EtcdProcess::close);
    network.ifPresent(PeerNetwork::close);
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * A member that does not lead. etcd 3.4 leaves linearizable reads unanswered for seconds that
   * were asked while a leader was elected: who pauses a leader tests that.
   */
  int follower() {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .ignoreExceptionsInstanceOf(UncheckedIOException.class)
        .until(
            () ->
                IntStream.range(0, members.size())
                    .filter(i -> says(i, "etcd_server_has_leader 1"))
                    .filter(i -> says(i, "etcd_server_is_leader 0"))
                    .boxed()
                    .findFirst(),
            Optional::isPresent)
        .orElseThrow();
  }

  /** Whether this line stands in what a member tells of itself. */
  boolean says(int member, String metric) {
    try {
      URI uri = URI.create("http://127.0.0.1:" + member(member).ports().metrics() + "/metrics");
      HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
      connection.setConnectTimeout(20_000);
      connection.setReadTimeout(20_000);
      try (InputStream body = connection.getInputStream()) {
        String metrics = new String(body.readAllBytes(), StandardCharsets.UTF_8);
        return metrics.lines().anyMatch(metric::equals);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
