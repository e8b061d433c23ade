package dev.holdfast.core;

import java.util.regex.Pattern;

/**
 * An address as people write it: {@code 10.0.0.7:50051}, {@code [fd00::7]:50051}, {@code
 * orders.example:50051}.
 *
 * @param host an IP literal without brackets, or a host name
 * @param port 1 to 65535
 */
public record HostPort(String host, int port) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,253}");
  private static final Pattern IPV6 =
      Pattern.compile("[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9._-]+)?");

  public HostPort {
    if (!NAME.matcher(host).matches() && !IPV6.matcher(host).matches()) {
      throw new IllegalArgumentException(
          "host: \"" + host + "\" (expected: an IP address or a host name)");
    }
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("port: " + port + " (expected: 1 to 65535)");
    }
  }

  /**
   * Parses {@code host:port}, an IPv6 host in brackets.
   *
   * @throws IllegalArgumentException naming what is malformed
   */
  public static HostPort parse(String text) {
    int colon = text.lastIndexOf(':');
    boolean bracketed = text.startsWith("[");
    if (colon <= 0 || (bracketed && text.charAt(colon - 1) != ']')) {
      throw malformed(text);
    }
    String host = bracketed ? text.substring(1, colon - 1) : text.substring(0, colon);
    if (!bracketed && host.indexOf(':') >= 0) {
      throw malformed(text);
    }
    return new HostPort(host, parsePort(text.substring(colon + 1)));
  }

  /** Whether the host is an IPv6 literal. */
  public boolean isIpv6() {
    return host.indexOf(':') >= 0;
  }

  @Override
  public String toString() {
    return isIpv6() ? "[" + host + "]:" + port : host + ":" + port;
  }

  private static int parsePort(String digits) {
    try {
      return Integer.parseInt(digits);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("port: \"" + digits + "\" (expected: 1 to 65535)", e);
    }
  }

  private static IllegalArgumentException malformed(String text) {
    return new IllegalArgumentException(
        "address: \"" + text + "\" (expected: host:port, an IPv6 host in brackets)");
  }
}
