package dev.holdfast.gateway.handover;

import dev.holdfast.core.HostPort;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Text form of socket addresses: one per line, as IP literals, so that parsing resolves no name.
 */
final class SocketAddressText {
  private SocketAddressText() {}

  static String text(List<InetSocketAddress> addresses) {
    return addresses.stream()
        .map(each -> new HostPort(each.getAddress().getHostAddress(), each.getPort()).toString())
        .collect(Collectors.joining("\n"));
  }

  /** The addresses joined by commas, as one word of a log line. */
  static String line(List<InetSocketAddress> addresses) {
    return text(addresses).replace('\n', ',');
  }

  /**
   * Parses addresses, one per line.
   *
   * @throws HandoverException when a line is not an address, or there are none or too many
   */
  static List<InetSocketAddress> parse(String text) throws HandoverException {
    List<InetSocketAddress> addresses;
    try {
      addresses = text.lines().map(SocketAddressText::address).toList();
    } catch (IllegalArgumentException e) {
      throw HandoverException.of("addresses: " + e.getMessage());
    }
    if (addresses.isEmpty() || addresses.size() > HandoverConnection.MAX_SOCKETS) {
      throw HandoverException.of(
          addresses.size() + " sockets (expected: 1 to " + HandoverConnection.MAX_SOCKETS + ")");
    }
    return addresses;
  }

  private static InetSocketAddress address(String line) {
    HostPort parsed = HostPort.parse(line);
    if (!NetUtil.isValidIpV4Address(parsed.host()) && !NetUtil.isValidIpV6Address(parsed.host())) {
      throw new IllegalArgumentException(line + " (expected: IP:PORT)");
    }
    return new InetSocketAddress(parsed.host(), parsed.port());
  }
}
