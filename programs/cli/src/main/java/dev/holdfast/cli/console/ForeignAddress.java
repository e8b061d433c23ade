package dev.holdfast.cli.console;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import java.util.Optional;

/**
 * The admin address of a gateway or control plane, as the metadata of an endpoint has it: {@code
 * HOST:PORT}, or {@code *:PORT} for the host of the endpoint.
 */
final class ForeignAddress {
  /** The metadata of an endpoint at which a gateway serves. */
  static final String GATEWAY_KEY = "holdfast-gateway";

  /** The metadata of an endpoint at which a control plane serves. */
  static final String CONTROL_KEY = "holdfast-control";

  private static final String OWN_HOST = "*:";

  private ForeignAddress() {}

  /** The address under a key; empty when there is none that can be read. */
  static Optional<HostPort> of(Endpoint endpoint, String key) {
    String value = endpoint.metadata().getOrDefault(key, "");
    try {
      if (value.isEmpty()) {
        return Optional.empty();
      }
      return Optional.of(
          value.startsWith(OWN_HOST)
              ? new HostPort(
                  endpoint.address().host(),
                  HostPort.parse("own:" + value.substring(OWN_HOST.length())).port())
              : HostPort.parse(value));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
