package dev.holdfast.gateway.config;

import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * Who may see what the gateway does.
 *
 * @param admin where the admin page is served; empty for the usual place
 * @param adminOff whether there is none
 * @param accessLog the file of the log of calls, "-" for standard output; empty for none
 */
public record SeeingConfig(
    Optional<InetSocketAddress> admin, boolean adminOff, Optional<String> accessLog) {
  /** The admin page at its usual place, no log of calls. */
  public static final SeeingConfig DEFAULT =
      new SeeingConfig(Optional.empty(), false, Optional.empty());
}
