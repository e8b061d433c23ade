package dev.holdfast.lab.kernel;

import dev.holdfast.lab.kernel.KernelLabException.KernelLabFailureKind;
import java.util.ArrayList;
import java.util.List;

/**
 * A network path made of kernel parts on this machine: a client, a router with the kernel's
 * connection tracking and NAT, and servers, each in a network namespace of its own. The kernel does
 * here what a user-space middlebox can only simulate.
 *
 * <p>Clients connect to {@link #address(int)}; servers listen on {@link #serverAddress(int)}.
 * Programs run in the namespaces by {@link #inClient} and {@link #inServer}, because a JVM can't
 * move its own threads. No packet leaves the namespaces. The namespaces are removed by {@link
 * #close()}, by a shutdown hook of the JVM, and by the next lab after a kill.
 *
 * <p>Needs Linux, iproute2, nftables and root, or {@link #inUserNamespace}. Thread-safe.
 */
public final class KernelLab implements AutoCloseable {
  private static final int PREFIX_BITS = 24;
  private static final String CLIENT_ADDRESS = "10.77.1.100";
  private static final String ROUTER_ADDRESS = "10.77.2.1";
  private static final String INSTALL =
      " (install with: apt-get update && apt-get install -y iproute2 nftables)";

  private final NetworkNamespaces namespaces;
  private final RouterRules rules;
  private final KernelPath path;
  private final Thread atExit = new Thread(this::takeAway, "holdfast-kernel-lab-end");
  private boolean closed;

  private KernelLab(KernelPath path, NetworkNamespaces namespaces) {
    this.path = path;
    this.namespaces = namespaces;
    rules = new RouterRules(path);
  }

  /**
   * Creates the namespaces and connects them.
   *
   * @throws KernelLabException saying what is missing and how to get it
   */
  public static KernelLab open(KernelPath path) {
    requireTools();
    NetworkNamespaces namespaces;
    try {
      namespaces = NetworkNamespaces.create();
    } catch (KernelLabException e) {
      throw new KernelLabException(
          KernelLabFailureKind.UNAVAILABLE,
          "the kernel lab needs root or a user namespace: " + e.getMessage(),
          e);
    }
    KernelLab lab = new KernelLab(path, namespaces);
    try {
      Runtime.getRuntime().addShutdownHook(lab.atExit);
      lab.wire();
      lab.track();
      return lab;
    } catch (RuntimeException e) {
      lab.close();
      throw e;
    }
  }

  /**
   * A command line that runs another one as root of a user namespace of its own, where a kernel lab
   * can be opened without being root; everything ends with it.
   *
   * @throws KernelLabException when {@code unshare} is missing or user namespaces are not permitted
   */
  public static List<String> inUserNamespace(List<String> command) {
    requireTools();
    String unshare = KernelTool.path(KernelTool.UNSHARE);
    if (unshare.isEmpty()) {
      throw new KernelLabException(
          KernelLabFailureKind.UNAVAILABLE, "the kernel lab needs root, or unshare of util-linux");
    }
    List<String> words = new ArrayList<>();
    words.add(unshare);
    words.addAll(List.of("--user", "--map-root-user", "--net", "--mount", "--pid", "--fork"));
    words.addAll(List.of("--mount-proc", "--kill-child"));
    List<String> trial = new ArrayList<>(words);
    trial.add("true");
    try {
      KernelTool.run(trial, "");
    } catch (KernelLabException e) {
      throw new KernelLabException(
          KernelLabFailureKind.UNAVAILABLE,
          "the kernel lab needs root; user namespaces are not permitted here: " + e.getMessage(),
          e);
    }
    // Where the names of namespaces are kept: the machine's own /run belongs to its root.
    words.addAll(List.of("sh", "-c", "mount -t tmpfs tmpfs /run && exec \"$@\"", "sh"));
    words.addAll(command);
    return words;
  }

  /** Where clients reach an endpoint, from 0: {@code 10.77.1.1:50051}. */
  public String address(int endpoint) {
    return clientAddressOf(checked(endpoint));
  }

  /** Where the server of an endpoint must listen, or on all addresses of its namespace. */
  public String serverAddress(int endpoint) {
    return serverAddressOf(checked(endpoint));
  }

  /** As {@link #address}, for a program that runs in a lab and did not open it. */
  public static String clientAddressOf(int endpoint) {
    return RouterRules.clientSide(endpoint) + ":" + RouterRules.PORT;
  }

  /** As {@link #serverAddress}, for a program that runs in a lab and did not open it. */
  public static String serverAddressOf(int endpoint) {
    return RouterRules.serverSide(endpoint) + ":" + RouterRules.PORT;
  }

  /** The command as it runs where the clients are. */
  public List<String> inClient(List<String> command) {
    return joined(namespaces.client(), command);
  }

  /** The command as it runs where the servers are. */
  public List<String> inServer(List<String> command) {
    return joined(namespaces.server(), command);
  }

  /** The names of the three namespaces: client, router, server. */
  public List<String> namespaces() {
    return List.of(namespaces.client(), namespaces.router(), namespaces.server());
  }

  /** Drops all packets of connections that are established now; new connections pass. */
  public synchronized void dropEstablished() {
    rules.dropEstablished();
    load(rules.text());
  }

  /** Drops all packets from and to one endpoint, those of new connections too. */
  public synchronized void silence(int endpoint) {
    rules.silence(checked(endpoint));
    load(rules.text());
  }

  /**
   * Loses packets in both directions by chance, which is the kernel's and not seeded.
   *
   * @param fraction 0 to 1
   */
  public synchronized void lose(double fraction) {
    if (!(fraction >= 0 && fraction <= 1)) {
      throw new IllegalArgumentException("fraction: " + fraction + " (expected: 0 to 1)");
    }
    rules.lose(fraction);
    load(rules.text());
  }

  /** Ends silence and loss; what is dropped for being old stays dropped. */
  public synchronized void heal() {
    rules.heal();
    load(rules.text());
  }

  /** The ruleset that the router has loaded, with the packet counter of each rule. */
  public String counters() {
    return KernelTool.run(
        joined(
            namespaces.router(),
            List.of(KernelTool.path(KernelTool.NFT), "list", "table", "ip", "holdfast")),
        "");
  }

  /** Takes the namespaces away; programs that run in them lose their network. */
  @Override
  public void close() {
    takeAway();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // The JVM is ending: the hook has done it, or finds nothing left to do.
      return;
    }
  }

  private synchronized void takeAway() {
    if (!closed) {
      closed = true;
      namespaces.close();
    }
  }

  private static void requireTools() {
    if (!System.getProperty("os.name").equals("Linux")) {
      throw new KernelLabException(
          KernelLabFailureKind.UNAVAILABLE,
          "the kernel lab needs Linux (expected: Linux, not "
              + System.getProperty("os.name")
              + ")");
    }
    List<String> missing = KernelTool.missing();
    if (!missing.isEmpty()) {
      throw new KernelLabException(
          KernelLabFailureKind.UNAVAILABLE,
          "the kernel lab needs " + String.join(" and ", missing) + INSTALL);
    }
  }

  private void wire() {
    String client = namespaces.client();
    String router = namespaces.router();
    String server = namespaces.server();
    link(client, "c0", router, "c1");
    link(server, "s0", router, "s1");
    address(client, CLIENT_ADDRESS, "c0");
    address(router, ROUTER_ADDRESS, "s1");
    for (int endpoint = 0; endpoint < path.endpoints(); endpoint++) {
      address(router, RouterRules.clientSide(endpoint), "c1");
      address(server, RouterRules.serverSide(endpoint), "s0");
    }
  }

  private static void link(String left, String leftName, String right, String rightName) {
    NetworkNamespaces.ip(
        "link", "add", leftName, "netns", left, "type", "veth", "peer", "name", rightName, "netns",
        right);
    NetworkNamespaces.ip("-n", left, "link", "set", leftName, "up");
    NetworkNamespaces.ip("-n", right, "link", "set", rightName, "up");
  }

  private static void address(String namespace, String address, String device) {
    NetworkNamespaces.ip(
        "-n", namespace, "addr", "add", address + "/" + PREFIX_BITS, "dev", device);
  }

  private synchronized void track() {
    try {
      load(RouterRules.PROBE);
    } catch (KernelLabException e) {
      throw new KernelLabException(
          KernelLabFailureKind.UNAVAILABLE,
          "this kernel has no connection tracking or NAT for nftables: " + e.getMessage(),
          e);
    }
    load(rules.text());
    set("net/ipv4/ip_forward", "1");
    set("net/netfilter/nf_conntrack_tcp_loose", "0");
    set(
        "net/netfilter/nf_conntrack_tcp_timeout_established",
        Long.toString(path.idleTimeout().toSeconds()));
  }

  private void load(String text) {
    KernelTool.run(
        joined(namespaces.router(), List.of(KernelTool.path(KernelTool.NFT), "-f", "-")), text);
  }

  private void set(String name, String value) {
    KernelTool.run(
        joined(
            namespaces.router(), List.of("sh", "-c", "printf %s " + value + " >/proc/sys/" + name)),
        "");
  }

  private int checked(int endpoint) {
    if (endpoint < 0 || endpoint >= path.endpoints()) {
      throw new IllegalArgumentException(
          "endpoint: " + endpoint + " (expected: 0 to " + (path.endpoints() - 1) + ")");
    }
    return endpoint;
  }

  private static List<String> joined(String namespace, List<String> command) {
    List<String> words = new ArrayList<>(NetworkNamespaces.within(namespace));
    words.addAll(command);
    return words;
  }
}
