package dev.holdfast.cli.control;

import dev.holdfast.cli.UserError;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/**
 * The address to listen on, as users write it: {@code 18000}, {@code 0.0.0.0:18000}, {@code
 * [::]:18000}.
 */
public final class ListenAddress {
  private static final int HIGHEST_PORT = 65_535;

  private ListenAddress() {}

  /**
   * The address; a port alone is one of loopback, port 0 a free one.
   *
   * @throws UserError when it is malformed, or the host has no address
   */
  public static InetSocketAddress parse(String option, String text) {
    int colon = text.lastIndexOf(':');
    String host = colon < 0 ? "" : text.substring(0, colon);
    int port = port(option, text, text.substring(colon + 1));
    if (colon < 0) {
      return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }
    if (host.startsWith("[") != host.endsWith("]")
        || host.isEmpty()
        || (host.contains(":") && !host.startsWith("["))) {
      throw malformed(option, text);
    }
    try {
      return new InetSocketAddress(InetAddress.getByName(host), port);
    } catch (UnknownHostException e) {
      throw UserError.usage(option + ": " + text + " (expected: a host with an address)");
    }
  }

  /** An address as {@link #parse} takes it. */
  public static String text(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
  }

  private static int port(String option, String text, String digits) {
    try {
      int port = Integer.parseInt(digits);
      if (port < 0 || port > HIGHEST_PORT) {
        throw malformed(option, text);
      }
      return port;
    } catch (NumberFormatException e) {
      throw malformed(option, text);
    }
  }

  private static UserError malformed(String option, String text) {
    return UserError.usage(
        option + ": \"" + text + "\" (expected: PORT or HOST:PORT, an IPv6 host in brackets)");
  }
}
