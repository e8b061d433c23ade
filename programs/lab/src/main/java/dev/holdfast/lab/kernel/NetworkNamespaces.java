package dev.holdfast.lab.kernel;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The network namespaces of one kernel lab: a client's, a router's and a server's.
 *
 * <p>Their names hold the process id and start time of their owner, so that a later lab can remove
 * exactly those that a killed process left behind.
 */
final class NetworkNamespaces implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(NetworkNamespaces.class);
  private static final Pattern NAME = Pattern.compile("hflab-(\\d+)-(\\d+)-\\d+-[crs]");
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final List<String> created = new ArrayList<>();
  private final String prefix;

  private NetworkNamespaces() {
    prefix =
        "hflab-%d-%d-%d-"
            .formatted(
                ProcessHandle.current().pid(),
                startOf(ProcessHandle.current()).orElse(0L),
                NUMBER.incrementAndGet());
  }

  /** Makes the three, each with its loopback interface up. */
  static NetworkNamespaces create() {
    removeStale();
    NetworkNamespaces namespaces = new NetworkNamespaces();
    try {
      for (String name : List.of(namespaces.client(), namespaces.router(), namespaces.server())) {
        ip("netns", "add", name);
        namespaces.created.add(name);
        ip("-n", name, "link", "set", "lo", "up");
      }
      return namespaces;
    } catch (KernelLabException e) {
      namespaces.close();
      throw e;
    }
  }

  String client() {
    return prefix + "c";
  }

  String router() {
    return prefix + "r";
  }

  String server() {
    return prefix + "s";
  }

  /**
   * Takes away what processes that are gone left behind, with the programs that still run in it;
   * returns the names.
   */
  static List<String> removeStale() {
    List<String> stale =
        ip("netns", "list")
            .lines()
            .map(line -> line.split(" ", 2)[0])
            .filter(NetworkNamespaces::isStale)
            .toList();
    for (String name : stale) {
      log.info("event=lab_stale_namespace name={}", name);
      endPrograms(name);
      remove(name);
    }
    return stale;
  }

  static boolean isStale(String name) {
    Matcher matcher = NAME.matcher(name);
    if (!matcher.matches()) {
      return false;
    }
    Optional<ProcessHandle> owner = ProcessHandle.of(Long.parseLong(matcher.group(1)));
    long started = Long.parseLong(matcher.group(2));
    // A pid that was given again belongs to somebody who began later.
    return owner.isEmpty() || startOf(owner.get()).map(start -> start != started).orElse(false);
  }

  static String ip(String... words) {
    List<String> command = new ArrayList<>(List.of(KernelTool.path(KernelTool.IP)));
    command.addAll(List.of(words));
    return KernelTool.run(command, "");
  }

  /** The words that put a command into a namespace. */
  static List<String> within(String namespace) {
    return List.of(KernelTool.path(KernelTool.IP), "netns", "exec", namespace);
  }

  @Override
  public void close() {
    List<String> all = List.copyOf(created);
    created.clear();
    all.forEach(NetworkNamespaces::remove);
  }

  // Processes that still run in it keep it alive without a name; they end with their program.
  private static void remove(String name) {
    try {
      ip("netns", "del", name);
    } catch (KernelLabException e) {
      log.warn("event=lab_namespace_not_removed name={} cause=\"{}\"", name, e.getMessage());
    }
  }

  // Only those of a lab whose owner is gone: nobody else runs in a namespace of that name.
  private static void endPrograms(String name) {
    try {
      ip("netns", "pids", name)
          .lines()
          .map(pid -> ProcessHandle.of(Long.parseLong(pid.strip())))
          .flatMap(Optional::stream)
          .forEach(ProcessHandle::destroyForcibly);
    } catch (KernelLabException e) {
      log.warn("event=lab_programs_not_ended name={} cause=\"{}\"", name, e.getMessage());
    }
  }

  private static Optional<Long> startOf(ProcessHandle process) {
    return process.info().startInstant().map(Instant::toEpochMilli);
  }
}
