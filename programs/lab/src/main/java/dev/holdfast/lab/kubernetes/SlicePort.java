package dev.holdfast.lab.kubernetes;

import dev.holdfast.core.JsonTextWriter;
import org.jspecify.annotations.Nullable;

/**
 * A port of an EndpointSlice, the same at each of its endpoints.
 *
 * @param name "" when the Service has one port without a name
 * @param port null means all ports, as the API's documents say
 * @param protocol {@code TCP}, {@code UDP} or {@code SCTP}
 * @param appProtocol such as {@code kubernetes.io/h2c}; "" when unsaid
 */
public record SlicePort(String name, @Nullable Integer port, String protocol, String appProtocol) {

  /** A TCP port without an appProtocol. */
  public static SlicePort tcp(String name, int port) {
    return new SlicePort(name, port, "TCP", "");
  }

  String json() {
    JsonTextWriter json = new JsonTextWriter().object().with("name", name);
    if (port != null) {
      json.with("port", port);
    }
    json.with("protocol", protocol);
    if (!appProtocol.isEmpty()) {
      json.with("appProtocol", appProtocol);
    }
    return json.endObject().toString();
  }
}
