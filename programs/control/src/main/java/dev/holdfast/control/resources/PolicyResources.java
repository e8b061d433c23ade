package dev.holdfast.control.resources;

import dev.holdfast.control.xds.ResourceBuilder;
import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.control.xds.XdsResource;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * The builder of the xDS resources of services under one policy, which every gRPC client accepts. A
 * service {@code orders} gets a listener {@code orders}, a cluster {@code orders} of all instances,
 * and a cluster such as {@code orders/v2} for each subset.
 *
 * <p>Immutable; may be used by several threads.
 */
public final class PolicyResources implements ResourceBuilder {
  private final Policy policy;
  private final BiConsumer<String, List<Endpoint>> unservable;

  /** Under this policy; {@link Policy#NONE} for all instances of each service in turn. */
  public PolicyResources(Policy policy) {
    this(policy, (service, endpoints) -> {});
  }

  /** A builder that also reports at each build which endpoints were left out. */
  PolicyResources(Policy policy, BiConsumer<String, List<Endpoint>> unservable) {
    this.policy = policy;
    this.unservable = unservable;
  }

  /**
   * The resources of a service. Endpoints that are known by the name of a host are left out:
   * clients of xDS take IP addresses only.
   *
   * @throws IllegalStateException when clients would refuse what was made: a mistake of ours, and
   *     nothing of it may be sent
   */
  @Override
  public List<XdsResource> build(String service, EndpointSet endpoints) {
    ServicePolicy wanted = policy.of(service);
    unservable.accept(service, EndpointResource.unservable(endpoints));
    ServiceClusters parts =
        new ServiceClusters(service, wanted.traffic(), EndpointResource.servable(endpoints));
    Listener listener = ListenerResource.of(service, wanted, parts);
    boolean localities = wanted.balancer().kind() != LbPolicyRule.LbPolicyKind.RING_HASH;
    List<Cluster> clusters = new ArrayList<>();
    List<ClusterLoadAssignment> assignments = new ArrayList<>();
    for (Map.Entry<String, EndpointSet> part : parts.clusters().entrySet()) {
      clusters.add(ClusterResource.of(part.getKey(), wanted));
      assignments.add(EndpointResource.of(part.getKey(), part.getValue(), localities));
    }
    List<String> problems = ResourceValidator.problems(listener, clusters, assignments);
    if (!problems.isEmpty()) {
      throw new IllegalStateException(
          service + ": clients would refuse its resources: " + String.join("; ", problems));
    }
    List<XdsResource> resources = new ArrayList<>();
    clusters.forEach(c -> resources.add(cluster(c, wanted)));
    assignments.forEach(
        a -> resources.add(XdsResource.of(ResourceType.ENDPOINTS, a.getClusterName(), a)));
    resources.add(XdsResource.of(ResourceType.LISTENER, service, listener));
    return resources;
  }

  /** Outliers are withheld from clients that would lose calls by them. */
  private static XdsResource cluster(Cluster cluster, ServicePolicy policy) {
    XdsResource resource = XdsResource.of(ResourceType.CLUSTER, cluster.getName(), cluster);
    if (!cluster.hasOutlierDetection()
        || policy.outliers().map(OutlierRule::grpcJava).orElse(false)) {
      return resource;
    }
    Cluster without = cluster.toBuilder().clearOutlierDetection().build();
    return resource.withForGrpcJava(
        XdsResource.of(ResourceType.CLUSTER, cluster.getName(), without));
  }
}
