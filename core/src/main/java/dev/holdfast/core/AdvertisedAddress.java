package dev.holdfast.core;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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

  /**
   * Finds the address to announce.
   *
   * @param explicit {@code host} or {@code host:port}, or empty
   * @param port the port that the server listens on, used where none is said
   * @param environment where the variables are looked up
   * @param registryAddress {@link Registry#peerAddress()}: empty when the registry is on this
   *     machine
   * @throws IllegalArgumentException when what was said makes no sense or can't be reached from
   *     elsewhere, or when nothing was said and there is no route to the registry
   */
  public static HostPort find(
      Optional<String> explicit,
      int port,
      Map<String, String> environment,
      Optional<InetSocketAddress> registryAddress) {
    if (explicit.isPresent()) {
      return said("advertised address", explicit.get(), port, registryAddress);
    }
    for (String variable : new String[] {ADVERTISE_VARIABLE, POD_IP_VARIABLE}) {
      String value = environment.get(variable);
      if (value != null && !value.isBlank()) {
        return said(variable, value, port, registryAddress);
      }
    }
    if (registryAddress.isEmpty()) {
      return new HostPort(InetAddress.getLoopbackAddress().getHostAddress(), port);
    }
    return routed(registryAddress.get(), port);
  }

  private static HostPort said(
      String source, String text, int port, Optional<InetSocketAddress> registryAddress) {
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
    if (loopback && isElsewhere(registryAddress)) {
      throw new IllegalArgumentException(
          source
              + ": "
              + address
              + " (expected: an address that other machines reach, because the registry "
              + registryAddress.orElseThrow()
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

  private static HostPort routed(InetSocketAddress registry, int port) {
    // Connecting a datagram socket sends nothing: it asks the kernel for the route only.
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.connect(registry);
      InetAddress local = socket.getLocalAddress();
      if (!local.isAnyLocalAddress()
          && (!local.isLoopbackAddress() || !isElsewhere(Optional.of(registry)))) {
        return new HostPort(local.getHostAddress(), port);
      }
      throw noRoute(registry, null);
    } catch (IOException e) {
      throw noRoute(registry, e);
    }
  }

  private static IllegalArgumentException noRoute(
      InetSocketAddress registry, @Nullable IOException cause) {
    return new IllegalArgumentException(
        "advertised address: no route to the registry "
            + registry
            + " (expected: "
            + ADVERTISE_VARIABLE
            + " or an explicit address)",
        cause);
  }

  private static boolean isElsewhere(Optional<InetSocketAddress> registry) {
    return registry.isPresent()
        && (registry.get().isUnresolved() || !registry.get().getAddress().isLoopbackAddress());
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
