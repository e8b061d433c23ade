package dev.holdfast.lab.kubernetes;

import dev.holdfast.core.JsonTextWriter;
import java.util.List;
import java.util.Map;

/**
 * A Service: what a client needs of it is its name.
 *
 * @param namespace where it lives
 * @param name what clients call it
 * @param clusterIp {@code None} for a headless one
 * @param ports by name and number
 */
record ClusterService(String namespace, String name, String clusterIp, List<SlicePort> ports)
    implements ApiObject {

  public ClusterService {
    ports = List.copyOf(ports);
  }

  /** A headless Service with one port named {@code grpc}. */
  public static ClusterService headless(String namespace, String name) {
    return new ClusterService(namespace, name, "None", List.of(SlicePort.tcp("grpc", 50_051)));
  }

  @Override
  public ApiResource resource() {
    return ApiResource.SERVICES;
  }

  @Override
  public Map<String, String> labels() {
    return Map.of("app", name);
  }

  @Override
  public String content() {
    JsonTextWriter json = new JsonTextWriter().object("spec");
    return GoSlice.write(json, "ports", ports.stream().map(SlicePort::json).toList())
        .withValue("selector", Map.of("app", name))
        .with("clusterIP", clusterIp)
        .with("type", "ClusterIP")
        .endObject()
        .withValue("status", Map.of("loadBalancer", Map.of()))
        .toString();
  }
}
