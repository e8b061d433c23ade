package dev.holdfast.grpc;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.protobuf.UInt32Value;
import io.grpc.xds.shaded.io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.grpc.xds.shaded.io.envoyproxy.envoy.config.cluster.v3.LoadBalancingPolicy;
import io.grpc.xds.shaded.io.envoyproxy.envoy.config.core.v3.Address;
import io.grpc.xds.shaded.io.envoyproxy.envoy.config.core.v3.AggregatedConfigSource;
import io.grpc.xds.shaded.io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.grpc.xds.shaded.io.envoyproxy.envoy.config.core.v3.Locality;
import io.grpc.xds.shaded.io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.grpc.xds.shaded.io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.grpc.xds.shaded.io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.grpc.xds.shaded.io.envoyproxy.envoy.config.endpoint.v3.Endpoint;
import io.grpc.xds.shaded.io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.grpc.xds.shaded.io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.grpc.xds.shaded.io.envoyproxy.envoy.config.listener.v3.ApiListener;
import io.grpc.xds.shaded.io.envoyproxy.envoy.config.listener.v3.Listener;
import io.grpc.xds.shaded.io.envoyproxy.envoy.config.route.v3.Route;
import io.grpc.xds.shaded.io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.grpc.xds.shaded.io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.grpc.xds.shaded.io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.grpc.xds.shaded.io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.grpc.xds.shaded.io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.grpc.xds.shaded.io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.grpc.xds.shaded.io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.grpc.xds.shaded.io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.Rds;
import io.grpc.xds.shaded.io.envoyproxy.envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash;
import io.grpc.xds.shaded.io.envoyproxy.envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin;
import io.grpc.xds.shaded.io.envoyproxy.envoy.extensions.load_balancing_policies.wrr_locality.v3.WrrLocality;

/**
 * One service as xDS describes it: a listener, its route, one cluster, the endpoints in one
 * locality.
 *
 * @param name of the service, in the target of its clients
 */
record XdsService(String name) {
  /** The header by whose value a ring chooses. */
  static final String HASHED_HEADER = "customer";

  /** Localities by weight, and within one its endpoints in turn: the usual tree. */
  static Message wrrLocality() {
    LoadBalancingPolicy inner = policy("round_robin", RoundRobin.getDefaultInstance());
    return WrrLocality.newBuilder().setEndpointPickingPolicy(inner).build();
  }

  /** Endpoints on a ring, chosen by {@link #HASHED_HEADER}. */
  static Message ringHash() {
    return RingHash.newBuilder().setHashFunction(RingHash.HashFunction.XX_HASH).build();
  }

  /** Tells clients of everything. */
  void serve(AdsServer ads, Message policy, int... ports) {
    endpoints(ads, ports);
    ads.put(cluster(), clusterOf(policy));
    ads.put(routes(), routeConfiguration());
    ads.put(name, listener());
  }

  /** Who serves it from now on, on loopback. */
  void endpoints(AdsServer ads, int... ports) {
    LocalityLbEndpoints.Builder here =
        LocalityLbEndpoints.newBuilder()
            .setLocality(Locality.newBuilder().setRegion("test").setZone("a"))
            .setLoadBalancingWeight(UInt32Value.of(1));
    for (int port : ports) {
      SocketAddress socket =
          SocketAddress.newBuilder().setAddress("127.0.0.1").setPortValue(port).build();
      here.addLbEndpoints(
          LbEndpoint.newBuilder()
              .setEndpoint(
                  Endpoint.newBuilder().setAddress(Address.newBuilder().setSocketAddress(socket))));
    }
    ads.put(
        cluster(),
        ClusterLoadAssignment.newBuilder().setClusterName(cluster()).addEndpoints(here).build());
  }

  private String cluster() {
    return name + "-cluster";
  }

  private String routes() {
    return name + "-routes";
  }

  private Listener listener() {
    HttpConnectionManager http =
        HttpConnectionManager.newBuilder()
            .setRds(Rds.newBuilder().setRouteConfigName(routes()).setConfigSource(ads()))
            .addHttpFilters(
                HttpFilter.newBuilder()
                    .setName("router")
                    .setTypedConfig(Any.pack(Router.getDefaultInstance())))
            .build();
    return Listener.newBuilder()
        .setName(name)
        .setApiListener(ApiListener.newBuilder().setApiListener(Any.pack(http)))
        .build();
  }

  private RouteConfiguration routeConfiguration() {
    RouteAction.HashPolicy hash =
        RouteAction.HashPolicy.newBuilder()
            .setHeader(RouteAction.HashPolicy.Header.newBuilder().setHeaderName(HASHED_HEADER))
            .build();
    Route all =
        Route.newBuilder()
            .setMatch(RouteMatch.newBuilder().setPrefix(""))
            .setRoute(RouteAction.newBuilder().setCluster(cluster()).addHashPolicy(hash))
            .build();
    return RouteConfiguration.newBuilder()
        .setName(routes())
        .addVirtualHosts(VirtualHost.newBuilder().setName("all").addDomains("*").addRoutes(all))
        .build();
  }

  private Cluster clusterOf(Message policy) {
    return Cluster.newBuilder()
        .setName(cluster())
        .setType(Cluster.DiscoveryType.EDS)
        .setEdsClusterConfig(Cluster.EdsClusterConfig.newBuilder().setEdsConfig(ads()))
        .setLoadBalancingPolicy(policy("named", policy))
        .build();
  }

  private static LoadBalancingPolicy policy(String name, Message config) {
    TypedExtensionConfig typed =
        TypedExtensionConfig.newBuilder().setName(name).setTypedConfig(Any.pack(config)).build();
    return LoadBalancingPolicy.newBuilder()
        .addPolicies(LoadBalancingPolicy.Policy.newBuilder().setTypedExtensionConfig(typed))
        .build();
  }

  private static ConfigSource ads() {
    return ConfigSource.newBuilder().setAds(AggregatedConfigSource.getDefaultInstance()).build();
  }
}
