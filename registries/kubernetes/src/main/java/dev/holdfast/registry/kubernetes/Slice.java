package dev.holdfast.registry.kubernetes;

import java.util.List;

/**
 * The fields of an EndpointSlice that the registry uses. A Service has many slices, and an endpoint
 * may be in several at once while it moves from one to another.
 *
 * @param name unique in its namespace
 * @param service the Service it belongs to; "" when it belongs to none
 * @param version its resourceVersion
 * @param family what its addresses are
 * @param ports its TCP ports; empty when the Service names none
 * @param endpoints those that could be read
 */
record Slice(
    String name,
    String service,
    String version,
    Family family,
    List<EndpointPort> ports,
    List<Backend> endpoints) {

  Slice {
    ports = List.copyOf(ports);
    endpoints = List.copyOf(endpoints);
  }

  /** The kind of the addresses in a slice. */
  enum Family {
    IPV4,
    IPV6,
    /** Host names, or something that is not known yet; not used. */
    OTHER
  }

  /**
   * @param name "" for the only port of a Service that names none
   * @param number 1 to 65535, or 0 when every port is meant
   * @param appProtocol such as {@code kubernetes.io/h2c}, or ""
   */
  record EndpointPort(String name, int number, String appProtocol) {}

  /**
   * An endpoint of a slice. Unknown texts are "".
   *
   * @param address the first of its addresses: the others are only other names of it
   * @param ready nil counts as true
   * @param serving nil counts as ready
   * @param terminating nil counts as false
   * @param pod the pod behind it
   * @param node where it runs
   * @param zone where that is
   * @param hints the zones that are meant to use it, in the order given
   */
  record Backend(
      String address,
      boolean ready,
      boolean serving,
      boolean terminating,
      String pod,
      String node,
      String zone,
      List<String> hints) {

    Backend {
      hints = List.copyOf(hints);
    }
  }
}
