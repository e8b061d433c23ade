package dev.holdfast.registry.dns;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistryProvider.UriParameter;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.Tunable;
import dev.holdfast.core.TunableDuration;
import dev.holdfast.core.TunableText;
import dev.holdfast.core.annotation.Limit;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The parameters of a {@code dns:} or {@code srv:} URI, parsed.
 *
 * @param servers the name servers to query, or none for those of the system
 * @param names further names, as written
 * @param port the port of names that come without one, or 0 for none
 * @param minRefresh the shortest interval between two queries
 * @param maxRefresh the longest interval between two queries
 * @param timeout the deadline of a resolution
 */
record DnsOptions(
    List<InetSocketAddress> servers,
    List<String> names,
    int port,
    Duration minRefresh,
    Duration maxRefresh,
    Duration timeout) {
  @Limit(of = "names in `names`", then = "a longer list is refused")
  static final int MAX_NAMES = 100;

  private static final int DNS_PORT = 53;

  private static final Tunable NAMES =
      new TunableText(
          "names",
          "up to " + MAX_NAMES + " names joined by commas",
          "none",
          "Further names: their endpoints are added to those of the target, and the names can be"
              + " listed.");
  private static final Tunable PORT =
      new TunableText("port", "1 to 65535", "none", "The port of names that come without one.");
  private static final TunableDuration MIN_REFRESH =
      new TunableDuration(
          "min-refresh",
          Duration.ofMillis(10),
          Duration.ofHours(1),
          Duration.ofSeconds(1),
          "Shortest pause between two questions.");
  private static final TunableDuration MAX_REFRESH =
      new TunableDuration(
          "max-refresh",
          Duration.ofMillis(10),
          Duration.ofHours(1),
          Duration.ofSeconds(30),
          "Longest pause between two questions, whatever the TTL; not less than min-refresh.");
  private static final TunableDuration TIMEOUT =
      new TunableDuration(
          "timeout",
          Duration.ofMillis(100),
          Duration.ofMinutes(1),
          Duration.ofSeconds(5),
          "After what time a resolution is given up.");

  /** The parameters of {@code dns:} URIs. */
  static List<UriParameter> addressParameters() {
    return parameters(NAMES, PORT, MIN_REFRESH, MAX_REFRESH, TIMEOUT);
  }

  /** The parameters of {@code srv:} URIs, whose records bring their own ports. */
  static List<UriParameter> serviceParameters() {
    return parameters(NAMES, MIN_REFRESH, MAX_REFRESH, TIMEOUT);
  }

  private static List<UriParameter> parameters(Tunable... tunables) {
    return Stream.of(tunables).map(Tunable::uriParameter).toList();
  }

  /** Reads a URI, whose parameter names have been checked. */
  static DnsOptions of(RegistryUri uri) {
    if (!uri.userInfo().isEmpty()) {
      throw new IllegalArgumentException("user: given (expected: none, DNS knows no users)");
    }
    Duration minRefresh = MIN_REFRESH.parse(uri.parameter(MIN_REFRESH.key()));
    return new DnsOptions(
        parseServers(uri.authority()),
        parseNames(uri.parameter(NAMES.key()).orElse("")),
        uri.parameter(PORT.key()).map(DnsOptions::parsePort).orElse(0),
        minRefresh,
        maxRefresh(uri, minRefresh),
        TIMEOUT.parse(uri.parameter(TIMEOUT.key())));
  }

  /** With a min-refresh above its default, max-refresh has to be said too. */
  private static Duration maxRefresh(RegistryUri uri, Duration minRefresh) {
    String text = uri.parameter(MAX_REFRESH.key()).orElse(MAX_REFRESH.defaultText());
    return MAX_REFRESH.parse(Optional.of(text), minRefresh);
  }

  private static int parsePort(String digits) {
    return HostPort.parse("port:" + digits).port();
  }

  private static List<String> parseNames(String text) {
    if (text.isEmpty()) {
      return List.of();
    }
    List<String> names = List.of(text.split(",", -1));
    if (names.size() > MAX_NAMES || names.stream().anyMatch(String::isBlank)) {
      throw new IllegalArgumentException(
          "names: \"" + text + "\" (expected: 1 to " + MAX_NAMES + " names joined by commas)");
    }
    return names;
  }

  private static List<InetSocketAddress> parseServers(String authority) {
    if (authority.isEmpty()) {
      return List.of();
    }
    List<InetSocketAddress> servers = new ArrayList<>();
    for (String text : authority.split(",", -1)) {
      servers.add(parseServer(text));
    }
    return List.copyOf(servers);
  }

  private static InetSocketAddress parseServer(String text) {
    boolean hasPort = text.startsWith("[") ? !text.endsWith("]") : text.indexOf(':') >= 0;
    HostPort server = HostPort.parse(hasPort ? text : text + ":" + DNS_PORT);
    // To look up the name of a name server would need a name server.
    if (!DnsName.isLiteral(server.host())) {
      throw new IllegalArgumentException(
          "name server: " + text + " (expected: an IP address, as in dns://10.0.0.2/..)");
    }
    try {
      return new InetSocketAddress(InetAddress.getByName(server.host()), server.port());
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("name server: " + text + " (expected: an IP address)", e);
    }
  }
}
