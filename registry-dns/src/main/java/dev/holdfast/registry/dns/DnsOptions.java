package dev.holdfast.registry.dns;

import dev.holdfast.core.DurationText;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistryProvider.Parameter;
import dev.holdfast.core.RegistryUri;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What a {@code dns:} or {@code srv:} URI says.
 *
 * @param servers the name servers to ask, or none for those of the system
 * @param names further names, as written
 * @param port the port of names that come without one, or 0 for none
 * @param minRefresh shortest pause between two questions
 * @param maxRefresh longest pause between two questions
 * @param timeout after what time a resolution is given up
 */
record DnsOptions(
    List<InetSocketAddress> servers,
    List<String> names,
    int port,
    Duration minRefresh,
    Duration maxRefresh,
    Duration timeout) {
  static final int MAX_NAMES = 100;
  private static final int DNS_PORT = 53;
  private static final Duration MIN_REFRESH = Duration.ofMillis(10);
  private static final Duration MAX_REFRESH = Duration.ofHours(1);
  private static final Duration MIN_TIMEOUT = Duration.ofMillis(100);
  private static final Duration MAX_TIMEOUT = Duration.ofMinutes(1);

  private static final Parameter NAMES =
      new Parameter(
          "names",
          "up to 100 names joined by commas",
          "none",
          "Further names: their endpoints are added to those of the target, and the names can be"
              + " listed.");
  private static final Parameter PORT =
      new Parameter("port", "1 to 65535", "none", "The port of names that come without one.");
  private static final List<Parameter> TIMES =
      List.of(
          new Parameter("min-refresh", "10ms to 1h", "1s", "Shortest pause between two questions."),
          new Parameter(
              "max-refresh",
              "min-refresh to 1h",
              "30s",
              "Longest pause between two questions, whatever the TTL."),
          new Parameter(
              "timeout", "100ms to 1m", "5s", "After what time a resolution is given up."));

  /** The parameters of {@code dns:} URIs. */
  static List<Parameter> addressParameters() {
    List<Parameter> all = new ArrayList<>(List.of(NAMES, PORT));
    all.addAll(TIMES);
    return List.copyOf(all);
  }

  /** The parameters of {@code srv:} URIs, whose records bring their own ports. */
  static List<Parameter> serviceParameters() {
    List<Parameter> all = new ArrayList<>(List.of(NAMES));
    all.addAll(TIMES);
    return List.copyOf(all);
  }

  /** Reads a URI, whose parameter names have been checked. */
  static DnsOptions of(RegistryUri uri) {
    if (!uri.userInfo().isEmpty()) {
      throw new IllegalArgumentException("user: given (expected: none, DNS knows no users)");
    }
    Duration minRefresh =
        DurationText.parse(
            "min-refresh", uri.parameter("min-refresh").orElse("1s"), MIN_REFRESH, MAX_REFRESH);
    return new DnsOptions(
        parseServers(uri.authority()),
        parseNames(uri.parameter("names").orElse("")),
        uri.parameter("port").map(DnsOptions::parsePort).orElse(0),
        minRefresh,
        DurationText.parse(
            "max-refresh", uri.parameter("max-refresh").orElse("30s"), minRefresh, MAX_REFRESH),
        DurationText.parse(
            "timeout", uri.parameter("timeout").orElse("5s"), MIN_TIMEOUT, MAX_TIMEOUT));
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
