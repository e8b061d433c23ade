package dev.holdfast.core.registration;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.Registry;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The address under which other machines reach this instance.
 *
 * <p>In this order: what was said explicitly; HOLDFAST_ADVERTISE; POD_IP; the local address of the
 * route to the registry; loopback, when the registry is on this machine. The first two may carry a
 * port, as a container with mapped ports needs. Loopback and wildcard addresses are refused when
 * the registry is elsewhere: nobody there could use them.
 */
public final class AdvertisedAddress {
  /** The variable that names the address, as {@code host} or {@code host:port}. */
  public static final String ADVERTISE_VARIABLE = "HOLDFAST_ADVERTISE";

  /** The variable that Kubernetes' downward API commonly fills. */
  public static final String POD_IP_VARIABLE = "POD_IP";

  private AdvertisedAddress() {}

  /** Asks the machine's resolver, which may block; a literal is parsed and never looked up. */
  @FunctionalInterface
  interface Resolver {
    InetAddress[] byName(String host) throws UnknownHostException;
  }

  /**
   * Whether the address was said, explicitly or by a variable, so that finding it needs no read of
   * the registry or at the network. A variable that is blank says nothing.
   */
  public static boolean isConfigured(Optional<String> explicit, Map<String, String> environment) {
    return explicit.isPresent() || variableIn(environment).isPresent();
  }

  /**
   * Finds the address to announce. Unless it {@link #isConfigured} this may look up the names of
   * the registry's hosts and then blocks as long as the machine's resolver does.
   *
   * @param explicit {@code host} or {@code host:port}, or empty
   * @param port the port that the server listens on, used where none is said
   * @param environment where the variables are looked up
   * @param registryAddresses {@link Registry#peerAddresses()}, resolved or not: empty when the
   *     registry is on this machine
   * @throws IllegalArgumentException when what was said makes no sense or can't be reached from
   *     elsewhere, or when nothing was said and there is no route to any member of the registry
   */
  public static HostPort find(
      Optional<String> explicit,
      int port,
      Map<String, String> environment,
      List<InetSocketAddress> registryAddresses) {
    return find(explicit, port, environment, registryAddresses, InetAddress::getAllByName);
  }

  /**
   * Whether this machine still has an address that {@link #find} found. Looks nothing up.
   *
   * @return true also when the machine can't say
   */
  public static boolean isLocal(HostPort found) {
    try {
      return NetworkInterface.getByInetAddress(literal(found.host())) != null;
    } catch (SocketException e) {
      return true;
    }
  }

  /** Finds the address to advertise, with the given resolver. */
  static HostPort find(
      Optional<String> explicit,
      int port,
      Map<String, String> environment,
      List<InetSocketAddress> registryAddresses,
      Resolver resolver) {
    if (explicit.isPresent()) {
      return said("advertised address", explicit.get(), port, registryAddresses);
    }
    Optional<String> variable = variableIn(environment);
    if (variable.isPresent()) {
      String text = String.valueOf(environment.get(variable.get()));
      return said(variable.get(), text, port, registryAddresses);
    }
    if (registryAddresses.isEmpty()) {
      return new HostPort(InetAddress.getLoopbackAddress().getHostAddress(), port);
    }
    return new HostPort(routed(registryAddresses, resolver).getHostAddress(), port);
  }

  private static Optional<String> variableIn(Map<String, String> environment) {
    return Stream.of(ADVERTISE_VARIABLE, POD_IP_VARIABLE)
        .filter(variable -> !environment.getOrDefault(variable, "").isBlank())
        .findFirst();
  }

  private static HostPort said(
      String source, String text, int port, List<InetSocketAddress> registryAddresses) {
    HostPort address;
    boolean wildcard;
    boolean loopback;
    try {
      address = parse(text.strip(), port);
      wildcard = isWildcard(address.host());
      loopback = isLoopback(address.host());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          source + ": \"" + text + "\" (expected: host or host:port; " + e.getMessage() + ")", e);
    }
    if (wildcard) {
      throw new IllegalArgumentException(
          source + ": " + address + " (expected: one address, not all of them)");
    }
    if (loopback && registryAddresses.stream().anyMatch(AdvertisedAddress::isElsewhere)) {
      throw new IllegalArgumentException(
          source
              + ": "
              + address
              + " (expected: an address that other machines reach, because the registry "
              + registryAddresses.get(0)
              + " is on another one)");
    }
    return address;
  }

  private static HostPort parse(String text, int port) {
    boolean bareIpv6 = text.indexOf(':') != text.lastIndexOf(':') && !text.startsWith("[");
    if (bareIpv6 || text.indexOf(':') < 0) {
      return new HostPort(text, port);
    }
    if (text.startsWith("[") && text.endsWith("]")) {
      return new HostPort(text.substring(1, text.length() - 1), port);
    }
    return HostPort.parse(text);
  }

  /** The local end of the first route there is, to whichever member and address. */
  private static InetAddress routed(List<InetSocketAddress> members, Resolver resolver) {
    boolean allHere = true;
    IOException failure = null;
    for (InetSocketAddress member : members) {
      try {
        for (InetAddress address : addressesOf(member, resolver)) {
          if (address.isLoopbackAddress()) {
            continue;
          }
          allHere = false;
          try {
            InetAddress local = localEnd(new InetSocketAddress(address, member.getPort()));
            if (isUsableElsewhere(local)) {
              return local;
            }
          } catch (IOException e) {
            failure = e;
          }
        }
      } catch (UnknownHostException e) {
        allHere = false;
        failure = e;
      }
    }
    if (allHere) {
      // Their names mean this machine, as /etc/hosts often has it for the machine's own name.
      return InetAddress.getLoopbackAddress();
    }
    throw new IllegalArgumentException(
        "advertised address: no route to the registry "
            + members
            + (failure == null ? "" : ": " + failure.getMessage())
            + " (expected: "
            + ADVERTISE_VARIABLE
            + " or an explicit address)",
        failure);
  }

  private static List<InetAddress> addressesOf(InetSocketAddress member, Resolver resolver)
      throws UnknownHostException {
    return member.isUnresolved()
        ? List.of(resolver.byName(member.getHostString()))
        : List.of(member.getAddress());
  }

  private static InetAddress localEnd(InetSocketAddress remote) throws IOException {
    // Connecting a datagram socket sends nothing: it asks the kernel for the route only.
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.connect(remote);
      // Without the interface that an IPv6 address may carry: it means something here only.
      return InetAddress.getByAddress(socket.getLocalAddress().getAddress());
    }
  }

  private static boolean isUsableElsewhere(InetAddress local) {
    // A link-local IPv6 address means nothing without the name of an interface of this machine.
    boolean needsScope = local instanceof Inet6Address && local.isLinkLocalAddress();
    return !local.isAnyLocalAddress() && !local.isLoopbackAddress() && !needsScope;
  }

  private static boolean isElsewhere(InetSocketAddress registry) {
    return registry.isUnresolved() || !registry.getAddress().isLoopbackAddress();
  }

  private static boolean isLoopback(String host) {
    return host.equals("localhost")
        || host.endsWith(".localhost")
        || (isLiteral(host) && literal(host).isLoopbackAddress());
  }

  private static boolean isWildcard(String host) {
    return isLiteral(host) && literal(host).isAnyLocalAddress();
  }

  private static boolean isLiteral(String host) {
    return host.indexOf(':') >= 0 || host.matches("[0-9.]+");
  }

  private static InetAddress literal(String host) {
    try {
      // A literal is parsed, never looked up.
      return InetAddress.getByName(host);
    } catch (IOException e) {
      throw new IllegalArgumentException("host: \"" + host + "\" (expected: an IP address)", e);
    }
  }
}
