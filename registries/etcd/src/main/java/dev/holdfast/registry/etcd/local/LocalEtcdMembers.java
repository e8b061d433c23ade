package dev.holdfast.registry.etcd.local;

import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The members of an etcd cluster on loopback, each with its data in a folder of its own. Not
 * thread-safe.
 */
public final class LocalEtcdMembers implements AutoCloseable {
  @Limit(
      of = "attempts to start a local etcd cluster on ports that are free",
      then = "the last failure is reported")
  private static final int MAX_PORT_TRIES = 5;

  private final List<EtcdProcess> processes;

  /** Members that are not running yet. */
  public LocalEtcdMembers(List<EtcdProcess> processes) {
    this.processes = List.copyOf(processes);
  }

  /** A cluster that has members and closes them with whatever else it has. */
  public interface Cluster extends AutoCloseable {
    /** The members of this cluster. */
    LocalEtcdMembers members();

    @Override
    void close() throws IOException;
  }

  /** Makes a cluster on ports that are free now; nothing of it runs yet. */
  public interface ClusterFactory<C extends Cluster> {
    /** A cluster whose members are not running yet. */
    C make() throws IOException;
  }

  /**
   * Starts all members of a cluster and waits until they serve. When another program took a port in
   * the meantime, another cluster is made, up to five times.
   *
   * @throws IOException of the last cluster
   */
  public static <C extends Cluster> C startOnFreePorts(ClusterFactory<C> factory)
      throws IOException {
    IOException last = new IOException("etcd was not tried");
    for (int i = 0; i < MAX_PORT_TRIES; i++) {
      C cluster = factory.make();
      try {
        cluster.members().startAll();
        return cluster;
      } catch (IOException e) {
        boolean portTaken = cluster.members().isAnyPortTaken();
        cluster.close();
        if (!portTaken) {
          throw e;
        }
        last = e;
      }
    }
    throw last;
  }

  /**
   * Members m0, m1, ... on ports that are free now.
   *
   * @param program such as {@link EtcdProcess#INSTALLED}
   * @param folder in which each has a folder
   * @param arguments for all of them, after the list of members
   */
  public static LocalEtcdMembers of(String program, int size, Path folder, List<String> arguments) {
    List<EtcdProcess.Ports> ports =
        IntStream.range(0, size).mapToObj(i -> EtcdProcess.Ports.free()).toList();
    List<String> all = new ArrayList<>();
    all.add(
        IntStream.range(0, size)
            .mapToObj(i -> name(i) + "=http://127.0.0.1:" + ports.get(i).peer())
            .collect(Collectors.joining(",", "--initial-cluster=", "")));
    all.addAll(arguments);
    return new LocalEtcdMembers(
        IntStream.range(0, size)
            .mapToObj(
                i -> new EtcdProcess(program, name(i), folder.resolve(name(i)), ports.get(i), all))
            .toList());
  }

  private static String name(int member) {
    return "m" + member;
  }

  /** The processes of the members, in the order of their names. */
  public List<EtcdProcess> processes() {
    return processes;
  }

  /** Starts every member that does not run and waits until all serve. */
  public void startAll() throws IOException {
    for (EtcdProcess member : processes) {
      if (!member.isAlive()) {
        member.start();
      }
    }
    for (EtcdProcess member : processes) {
      member.awaitHealthy();
    }
  }

  /** Kills all members with SIGKILL. */
  public void killAll() {
    processes.forEach(EtcdProcess::kill);
  }

  /** Kills all members, empties them and starts them again with the same flags. */
  public void wipeAll() throws IOException {
    killAll();
    for (EtcdProcess member : processes) {
      member.wipe();
    }
    startAll();
  }

  /** Copies the data of all members, which must not change meanwhile. */
  public void copyTo(Path folder) throws IOException {
    for (EtcdProcess member : processes) {
      copy(member.dataFolder(), folder.resolve(member.name()));
    }
  }

  /** Kills all members and starts them again with the data that {@link #copyTo} copied. */
  public void restoreFrom(Path folder) throws IOException {
    killAll();
    for (EtcdProcess member : processes) {
      member.wipe();
      copy(folder.resolve(member.name()), member.dataFolder());
    }
    startAll();
  }

  /**
   * Whether a member's metrics have this line.
   *
   * @throws IOException when it does not answer in time
   */
  public boolean hasMetric(int member, String line, int timeoutMillis) throws IOException {
    int port = processes.get(member).ports().metrics();
    URI uri = URI.create("http://127.0.0.1:" + port + "/metrics");
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
    connection.setConnectTimeout(timeoutMillis);
    connection.setReadTimeout(timeoutMillis);
    try (InputStream body = connection.getInputStream()) {
      String metrics = new String(body.readAllBytes(), StandardCharsets.UTF_8);
      return metrics.lines().anyMatch(line::equals);
    }
  }

  @Override
  public void close() {
    processes.forEach(EtcdProcess::close);
  }

  private boolean isAnyPortTaken() throws IOException {
    for (EtcdProcess member : processes) {
      if (member.isPortTaken()) {
        return true;
      }
    }
    return false;
  }

  private static void copy(Path from, Path to) throws IOException {
    List<Path> files;
    try (Stream<Path> found = Files.walk(from)) {
      files = found.toList();
    }
    for (Path file : files) {
      Path copied = to.resolve(from.relativize(file).toString());
      Files.createDirectories(copied.getParent());
      Files.copy(file, copied);
    }
  }
}
