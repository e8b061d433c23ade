package dev.holdfast.admin;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.annotation.Limit;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Optional;

/**
 * The place of a process's admin service, as the metadata of its endpoints has it.
 *
 * @param address where it listens
 * @param loopback whether only readers on the same machine reach it
 * @param process the id of the process, because another one may listen at the same loopback address
 *     of the reader's machine
 */
public record AdminAddress(HostPort address, boolean loopback, String process) {
  /** The key of the metadata. */
  public static final String KEY = "holdfast-admin";

  private static final String ANY_HOST = "*";

  @Limit(
      of = "characters of the process id that an endpoint publishes for its admin service",
      then = "the endpoint counts as one without an admin service")
  private static final int MAX_PROCESS_CHARACTERS = 64;

  /** The metadata entry for a service that listens here; any local address is written as *. */
  public static Map<String, String> toMetadata(InetSocketAddress listening, String process) {
    InetAddress address = listening.getAddress();
    String host =
        address.isAnyLocalAddress()
            ? ANY_HOST + ":" + listening.getPort()
            : new HostPort(address.getHostAddress(), listening.getPort()).toString();
    return Map.of(KEY, host + " " + process);
  }

  /** The place that an endpoint publishes; empty when it publishes none that can be read. */
  public static Optional<AdminAddress> of(Endpoint endpoint) {
    String[] parts = endpoint.metadata().getOrDefault(KEY, "").split(" ", 2);
    if (parts.length < 2 || parts[1].isEmpty() || parts[1].length() > MAX_PROCESS_CHARACTERS) {
      return Optional.empty();
    }
    boolean any = parts[0].startsWith(ANY_HOST + ":");
    try {
      HostPort address =
          any
              ? HostPort.parse("any" + parts[0].substring(ANY_HOST.length()))
              : HostPort.parse(parts[0]);
      return Optional.of(
          new AdminAddress(
              any ? new HostPort(endpoint.address().host(), address.port()) : address,
              !any && isLoopback(address.host()),
              parts[1]));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static boolean isLoopback(String host) {
    return host.startsWith("127.") || host.equals("::1") || host.equals("0:0:0:0:0:0:0:1");
  }
}
