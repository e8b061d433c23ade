package dev.holdfast.bench.chaos;

import dev.holdfast.bench.run.ScratchFolder;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.registry.etcd.local.EtcdProcess;
import dev.holdfast.registry.etcd.local.LocalEtcdMembers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * A cluster of three real etcd members on loopback. Each member has data of its own and stands
 * behind a relay, which all clients go through. Confined to one thread, except for {@link #losses}.
 */
final class ChaosCluster implements LocalEtcdMembers.Cluster {
  static final int SIZE = 3;

  /** Tokens end within a fault that turns authentication on. */
  private static final String TOKEN_TTL_SECONDS = "2";

  private static final int ASK_TIMEOUT_MILLIS = 1_000;
  private static final long ELECTION_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final long POLL_MILLIS = 50;

  private final ScratchFolder folder;
  private final LocalEtcdMembers members;
  private final List<TcpRelay> relays;
  private final MemoryLosses losses = new MemoryLosses(System::nanoTime);

  private ChaosCluster(ScratchFolder folder, LocalEtcdMembers members) {
    this.folder = folder;
    this.members = members;
    this.relays =
        members.processes().stream().map(m -> TcpRelay.toPort(m.ports().client())).toList();
  }

  /** Starts a cluster of this program and waits until it serves. */
  static ChaosCluster start(String program) throws IOException {
    return LocalEtcdMembers.startOnFreePorts(() -> choose(program));
  }

  private static ChaosCluster choose(String program) throws IOException {
    ScratchFolder folder = ScratchFolder.create("holdfast-chaos-etcd");
    List<String> arguments = List.of("--auth-token-ttl=" + TOKEN_TTL_SECONDS, "--bcrypt-cost=4");
    return new ChaosCluster(folder, LocalEtcdMembers.of(program, SIZE, folder.path(), arguments));
  }

  @Override
  public LocalEtcdMembers members() {
    return members;
  }

  EtcdProcess member(int i) {
    return members.processes().get(i);
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
    try {
      return members.hasMetric(i, "etcd_server_is_leader 1", ASK_TIMEOUT_MILLIS);
    } catch (IOException e) {
      // One that does not answer leads nobody.
      return false;
    }
  }

  /** Starts every member that does not run and waits until all serve. */
  void startAll() throws IOException {
    members.startAll();
  }

  void killAll() {
    members.killAll();
  }

  /** Kills all members, empties them and starts them again with the same flags. */
  void wipe() throws IOException {
    members.killAll();
    losses.count();
    members.wipeAll();
  }

  /** Copies what all members hold at one moment, in which all of them stand still. */
  Path backUp() throws IOException {
    Path backup = Files.createTempDirectory(folder.path(), "backup");
    try {
      for (EtcdProcess member : members.processes()) {
        member.pause();
      }
      members.copyTo(backup);
    } finally {
      for (EtcdProcess member : members.processes()) {
        member.resume();
      }
    }
    return backup;
  }

  /** Kills all members and starts them again with what {@link #backUp} copied. */
  void restore(Path backup) throws IOException {
    members.killAll();
    losses.count();
    members.restoreFrom(backup);
  }

  MemoryLosses losses() {
    return losses;
  }

  @Override
  public void close() throws IOException {
    members.close();
    relays.forEach(TcpRelay::close);
    folder.close();
  }
}
