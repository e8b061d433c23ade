package dev.holdfast.control.resources;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.LoadBalancingPolicy;
import io.envoyproxy.envoy.config.cluster.v3.OutlierDetection;
import io.envoyproxy.envoy.config.core.v3.AggregatedConfigSource;
import io.envoyproxy.envoy.config.core.v3.ApiVersion;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest;
import io.envoyproxy.envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash;
import io.envoyproxy.envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin;
import io.envoyproxy.envoy.extensions.load_balancing_policies.wrr_locality.v3.WrrLocality;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;

/** A cluster as xDS spells it: its endpoints come by EDS over the same stream. */
final class ClusterResource {
  private static final String HTTP_OPTIONS =
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
  private static final int CONNECT_TIMEOUT_SECONDS = 5;
  private static final int ENFORCED = 100;

  private ClusterResource() {}

  static Cluster of(String name, ServicePolicy policy) {
    Cluster.Builder cluster =
        Cluster.newBuilder()
            .setName(name)
            .setType(Cluster.DiscoveryType.EDS)
            .setEdsClusterConfig(Cluster.EdsClusterConfig.newBuilder().setEdsConfig(ads()))
            .setConnectTimeout(Duration.newBuilder().setSeconds(CONNECT_TIMEOUT_SECONDS))
            // What C-core and grpc-js refuse here, they take as a load_balancing_policy.
            .setLbPolicy(Cluster.LbPolicy.ROUND_ROBIN)
            .setCircuitBreakers(circuitBreakers(policy))
            // For Envoy, which would speak HTTP/1.1; gRPC ignores it.
            .putTypedExtensionProtocolOptions(HTTP_OPTIONS, Any.pack(http2()));
    switch (policy.balancer().kind()) {
      case ROUND_ROBIN -> {
        // The lb_policy says so already, with localities by weight.
      }
      case LEAST_REQUEST -> cluster.setLoadBalancingPolicy(leastRequest(policy.balancer()));
      case RING_HASH -> cluster.setLoadBalancingPolicy(ringHash());
    }
    policy.outliers().ifPresent(rule -> cluster.setOutlierDetection(outliers(rule)));
    return cluster.build();
  }

  private static ConfigSource ads() {
    return ConfigSource.newBuilder()
        .setAds(AggregatedConfigSource.getDefaultInstance())
        .setResourceApiVersion(ApiVersion.V3)
        .build();
  }

  /** Always said: without it a client of gRPC lets 1,024 calls go on at once and fails the next. */
  private static CircuitBreakers circuitBreakers(ServicePolicy policy) {
    // Not 2^32 - 1, which grpc-java would read as -1.
    int calls = policy.maxCalls().orElse(Integer.MAX_VALUE);
    return CircuitBreakers.newBuilder()
        .addThresholds(
            CircuitBreakers.Thresholds.newBuilder()
                .setMaxRequests(UInt32Value.of(calls))
                .setMaxPendingRequests(UInt32Value.of(calls)))
        .build();
  }

  private static HttpProtocolOptions http2() {
    return HttpProtocolOptions.newBuilder()
        .setExplicitHttpConfig(
            HttpProtocolOptions.ExplicitHttpConfig.newBuilder()
                .setHttp2ProtocolOptions(Http2ProtocolOptions.getDefaultInstance()))
        .build();
  }

  /**
   * The policy of least request: localities by weight, and least request within one. Clients
   * without a policy of the list take the next one.
   */
  private static LoadBalancingPolicy leastRequest(LbPolicyRule lbPolicyRule) {
    LeastRequest least =
        LeastRequest.newBuilder().setChoiceCount(UInt32Value.of(lbPolicyRule.choices())).build();
    LoadBalancingPolicy within =
        policies(
            policy("least_request", least), policy("round_robin", RoundRobin.getDefaultInstance()));
    return policies(
        policy("wrr_locality", WrrLocality.newBuilder().setEndpointPickingPolicy(within).build()),
        policy("round_robin", RoundRobin.getDefaultInstance()));
  }

  private static LoadBalancingPolicy ringHash() {
    return policies(
        policy(
            "ring_hash",
            RingHash.newBuilder().setHashFunction(RingHash.HashFunction.XX_HASH).build()),
        policy("round_robin", RoundRobin.getDefaultInstance()));
  }

  private static LoadBalancingPolicy policies(LoadBalancingPolicy.Policy... policies) {
    return LoadBalancingPolicy.newBuilder().addAllPolicies(java.util.List.of(policies)).build();
  }

  private static LoadBalancingPolicy.Policy policy(String name, Message config) {
    return LoadBalancingPolicy.Policy.newBuilder()
        .setTypedExtensionConfig(
            TypedExtensionConfig.newBuilder()
                .setName("envoy.load_balancing_policies." + name)
                .setTypedConfig(Any.pack(config)))
        .build();
  }

  private static OutlierDetection outliers(OutlierRule rule) {
    OutlierDetection.Builder outliers =
        OutlierDetection.newBuilder()
            .setInterval(ProtoDuration.of(rule.interval()))
            .setBaseEjectionTime(ProtoDuration.of(rule.ejection()))
            .setMaxEjectionPercent(UInt32Value.of(rule.maxEjectedPercent()))
            .setEnforcingSuccessRate(enforced(rule.factor().isPresent()))
            .setEnforcingFailurePercentage(enforced(rule.failurePercent().isPresent()));
    rule.factor()
        .ifPresent(
            factor ->
                outliers
                    .setSuccessRateStdevFactor(UInt32Value.of(factor))
                    .setSuccessRateMinimumHosts(UInt32Value.of(rule.volume().instances()))
                    .setSuccessRateRequestVolume(UInt32Value.of(rule.volume().calls())));
    rule.failurePercent()
        .ifPresent(
            percent ->
                outliers
                    .setFailurePercentageThreshold(UInt32Value.of(percent))
                    .setFailurePercentageMinimumHosts(UInt32Value.of(rule.volume().instances()))
                    .setFailurePercentageRequestVolume(UInt32Value.of(rule.volume().calls())));
    return outliers.build();
  }

  private static UInt32Value enforced(boolean is) {
    return UInt32Value.of(is ? ENFORCED : 0);
  }
}
