package dev.holdfast.registry.etcd;

import dev.holdfast.registry.etcd.local.EtcdProcess;
import dev.holdfast.registry.etcd.local.LocalEtcdMembers;
import java.io.IOException;
import java.io.UncheckedIOException;
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
public final class EtcdCluster implements LocalEtcdMembers.Cluster {
  // Leases can be as short as 1 s, and a new leader takes half a second. A member that comes back
  // leaves the leader in peace, as by default from etcd 3.5 on.
  private static final List<String> FAST =
      List.of("--heartbeat-interval=50", "--election-timeout=500", "--pre-vote", "--bcrypt-cost=4");

  private static final int METRICS_TIMEOUT_MILLIS = 20_000;

  private final EtcdRelease release;
  private final Path folder;
  private final LocalEtcdMembers members;
  private final Optional<PeerNetwork> network;

  private EtcdCluster(
      EtcdRelease release, Path folder, LocalEtcdMembers members, Optional<PeerNetwork> network) {
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

  private static EtcdCluster start(LocalEtcdMembers.ClusterFactory<EtcdCluster> factory) {
    try {
      return LocalEtcdMembers.startOnFreePorts(factory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A cluster on ports that are free now. */
  private static EtcdCluster choose(EtcdRelease release, int size, String... arguments)
      throws IOException {
    Path folder = Files.createTempDirectory("holdfast-etcd");
    List<String> all = new ArrayList<>(FAST);
    all.addAll(List.of(arguments));
    return new EtcdCluster(
        release,
        folder,
        LocalEtcdMembers.of(release.command(), size, folder, all),
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
    return new EtcdCluster(release, folder, new LocalEtcdMembers(members), Optional.of(network));
  }

  /** Cuts one member off from all others; clients reach it as before. */
  void cutOff(int member) throws IOException {
    network.orElseThrow().cutOff(member);
  }

  /** Ends what {@link #cutOff} began. */
  void heal() {
    network.orElseThrow().heal();
  }

  @Override
  public LocalEtcdMembers members() {
    return members;
  }

  public EtcdProcess member(int i) {
    return members.processes().get(i);
  }

  /** A URI with all members, the first one's port in the authority. */
  public String uri(String namespace, String... parameters) {
    String others =
        members.processes().stream()
            .skip(1)
            .map(EtcdProcess::address)
            .collect(Collectors.joining(","));
    List<String> query = new ArrayList<>(List.of(parameters));
    if (!others.isEmpty()) {
      query.add("endpoints=" + others);
    }
    String place = "etcd://" + member(0).address() + "/" + namespace;
    return query.isEmpty() ? place : place + "?" + String.join("&", query);
  }

  /** Starts every member that is not running and waits until all serve. */
  public void startAll() throws IOException {
    members.startAll();
  }

  /** Stops all members, empties them and starts them again with the same flags. */
  public void wipeAll() throws IOException {
    members.wipeAll();
  }

  /**
   * Wipes a cluster of one and fills it before any client can see it: it listens elsewhere
   * meanwhile, with the same peer address and so the same cluster id.
   */
  void wipeAndFill(Consumer<RawEtcd> filling) throws IOException {
    EtcdProcess member = member(0);
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
    members.copyTo(to);
    startAll();
  }

  /** Stops all members and starts them again with what {@link #backUp} copied. */
  void restore(Path from) throws IOException {
    members.restoreFrom(from);
  }

  public void killAll() {
    members.killAll();
  }

  @Override
  public void close() {
    members.close();
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
                IntStream.range(0, members.processes().size())
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
      return members.hasMetric(member, metric, METRICS_TIMEOUT_MILLIS);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
