package dev.holdfast.cli.control;

import dev.holdfast.cli.UserError;
import dev.holdfast.core.IoErrorText;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

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

  /**
   * Refuses an address at which this program will not be able to listen, before it waits for
   * anything else.
   *
   * @param option the setting that names the address
   * @throws UserError when somebody listens there, or it is no address of this machine
   */
  public static void requireFree(String option, InetSocketAddress address) {
    if (address.getPort() == 0) {
      return;
    }
    // A socket that is bound and does not listen: no client can meet it.
    try (Socket bound = new Socket()) {
      bound.setReuseAddress(true);
      bound.bind(address);
    } catch (IOException e) {
      throw UserError.failed(
          option
              + ": "
              + text(address)
              + ": "
              + IoErrorText.of(e).toLowerCase(Locale.ROOT)
              + " (expected: an address of this machine at which nobody listens, such as port 0 for"
              + " any free one)");
    }
  }

  /** The address of an end of a connection: as {@link #parse} takes it where it is of IP. */
  public static String text(@Nullable SocketAddress address) {
    return address instanceof InetSocketAddress inet && !inet.isUnresolved()
        ? text(inet)
        : String.valueOf(address);
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
