package dev.holdfast.control.resources;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.regex.Pattern;

/** The canonical spelling of IP addresses, so that no address is sent twice in two spellings. */
final class IpLiteral {
  private static final Pattern IPV4 =
      Pattern.compile("((25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(\\.(?!$)|$)){4}");

  private IpLiteral() {}

  /** The address, if the text is one; empty for the name of a host and for one with a zone id. */
  static Optional<String> of(String host) {
    if (IPV4.matcher(host).matches()) {
      return Optional.of(host);
    }
    if (host.indexOf(':') < 0 || host.indexOf('%') >= 0) {
      return Optional.empty();
    }
    try {
      // A text with a colon is never looked up.
      return Optional.of(InetAddress.getByName(host).getHostAddress());
    } catch (UnknownHostException e) {
      return Optional.empty();
    }
  }
}
