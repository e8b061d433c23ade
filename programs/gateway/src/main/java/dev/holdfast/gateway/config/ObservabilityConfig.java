package dev.holdfast.gateway.config;

import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * The settings of the admin page and the access log.
 *
 * @param admin the address of the admin page; empty for the default
 * @param adminOff whether the admin page is off
 * @param accessLog the file of the access log, "-" for standard output; empty for none
 */
public record ObservabilityConfig(
    Optional<InetSocketAddress> admin, boolean adminOff, Optional<String> accessLog) {
  /** The default admin page and no access log. */
  public static final ObservabilityConfig DEFAULT =
      new ObservabilityConfig(Optional.empty(), false, Optional.empty());
}
