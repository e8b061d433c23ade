package dev.holdfast.control.xds;

import dev.holdfast.core.EndpointSet;
import java.util.List;

/**
 * The builder of all xDS resources of one service. Pure: the same service, endpoints and policy
 * give the same resources, byte for byte, in every control plane.
 *
 * <p>A policy is part of its builder; another policy is another builder, and then all services are
 * built again.
 */
@FunctionalInterface
public interface ResourceBuilder {
  /**
   * The resources of a service: one listener named like it, its clusters and their endpoints, each
   * named like the service or {@code service/part}.
   *
   * @param service its name inside the namespace
   * @param endpoints the list in use; may be empty
   */
  List<XdsResource> build(String service, EndpointSet endpoints);
}
