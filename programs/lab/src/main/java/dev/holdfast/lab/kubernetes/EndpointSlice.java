package dev.holdfast.lab.kubernetes;

import dev.holdfast.core.JsonTextWriter;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * An EndpointSlice as the endpoint slice controller writes it: {@code slice.withEndpoints(..)} and
 * {@link ApiStore#put} again make a change.
 *
 * @param namespace that of its Service
 * @param name unique within the namespace, such as {@code orders-x7k2p}
 * @param addressType {@code IPv4}, {@code IPv6} or {@code FQDN}
 * @param ports the ports of all endpoints; none is written as null
 * @param endpoints may be none, which is written as null
 * @param labels with the name of the Service in {@link #SERVICE_NAME}
 */
public record EndpointSlice(
    String namespace,
    String name,
    String addressType,
    List<SlicePort> ports,
    List<SliceEndpoint> endpoints,
    Map<String, String> labels)
    implements ApiObject {
  /** The label that names the Service. */
  public static final String SERVICE_NAME = "kubernetes.io/service-name";

  private static final String MANAGED_BY = "endpointslice.kubernetes.io/managed-by";

  public EndpointSlice {
    ports = List.copyOf(ports);
    endpoints = List.copyOf(endpoints);
    labels = Collections.unmodifiableMap(new TreeMap<>(labels));
  }

  /** A slice of IPv4 addresses without ports and endpoints, as a Service without pods has. */
  public static EndpointSlice of(String namespace, String service, String name) {
    return new EndpointSlice(
        namespace,
        name,
        "IPv4",
        List.of(),
        List.of(),
        Map.of(SERVICE_NAME, service, MANAGED_BY, "endpointslice-controller.k8s.io"));
  }

  /** The same with these ports. */
  public EndpointSlice withPorts(SlicePort... values) {
    return new EndpointSlice(
        namespace, name, addressType, Arrays.asList(values), endpoints, labels);
  }

  /** The same with these endpoints. */
  public EndpointSlice withEndpoints(Collection<SliceEndpoint> values) {
    return new EndpointSlice(namespace, name, addressType, ports, List.copyOf(values), labels);
  }

  /** The same with ready endpoints at these addresses. */
  public EndpointSlice withAddresses(String... addresses) {
    return withEndpoints(Arrays.stream(addresses).map(SliceEndpoint::of).toList());
  }

  /** The same for another kind of addresses. */
  public EndpointSlice withAddressType(String value) {
    return new EndpointSlice(namespace, name, value, ports, endpoints, labels);
  }

  /** The same with other labels, all of them. */
  public EndpointSlice withLabels(Map<String, String> values) {
    return new EndpointSlice(namespace, name, addressType, ports, endpoints, values);
  }

  @Override
  public ApiResource resource() {
    return ApiResource.ENDPOINT_SLICES;
  }

  @Override
  public String content() {
    JsonTextWriter json = new JsonTextWriter().with("addressType", addressType);
    GoSlice.write(json, "endpoints", endpoints.stream().map(e -> e.json(namespace)).toList());
    return GoSlice.write(json, "ports", ports.stream().map(SlicePort::json).toList()).toString();
  }
}
