package dev.holdfast.grpc;

import dev.holdfast.core.Tunable;
import dev.holdfast.grpc.internal.balancer.HoldfastLoadBalancer;
import dev.holdfast.grpc.internal.balancer.HoldfastLoadBalancerConfig;
import dev.holdfast.grpc.internal.version.GrpcFeature;
import io.grpc.LoadBalancer;
import io.grpc.LoadBalancerProvider;
import io.grpc.LoadBalancerRegistry;
import io.grpc.NameResolver.ConfigOrError;
import io.grpc.Status;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The provider of the load-balancing policy {@code holdfast} for grpc-java; found by ServiceLoader.
 */
public final class HoldfastLoadBalancerProvider extends LoadBalancerProvider {
  /** The name of the policy in a service config. */
  public static final String POLICY_NAME = "holdfast";

  private static final int PRIORITY = 5;

  /** Every setting of the policy in a service config. */
  public static List<Tunable> tunables() {
    return List.of(HoldfastLoadBalancerConfig.ZONE, HoldfastLoadBalancerConfig.SLOW_START);
  }

  /** Always; without the classes that the policy needs, grpc's round_robin has its name. */
  @Override
  public boolean isAvailable() {
    // Checked here, when grpc collects its policies, so that the log tells it at the start.
    var unused = GrpcFeature.LOAD_BALANCING_POLICY.isAvailable();
    return true;
  }

  @Override
  public int getPriority() {
    return PRIORITY;
  }

  @Override
  public String getPolicyName() {
    return POLICY_NAME;
  }

  @Override
  public LoadBalancer newLoadBalancer(LoadBalancer.Helper helper) {
    return GrpcFeature.LOAD_BALANCING_POLICY.isAvailable() ? Policy.of(helper) : fallback(helper);
  }

  private static LoadBalancer fallback(LoadBalancer.Helper helper) {
    try {
      return stock("round_robin").newLoadBalancer(helper);
    } catch (LinkageError e) {
      // A broken class path: grpc's own policy stands on the same class.
      return stock("pick_first").newLoadBalancer(helper);
    }
  }

  private static LoadBalancerProvider stock(String policy) {
    return Objects.requireNonNull(LoadBalancerRegistry.getDefaultRegistry().getProvider(policy));
  }

  /** The only class here that refers to the policy's: verified when it is used, and no earlier. */
  private static final class Policy {
    static LoadBalancer of(LoadBalancer.Helper helper) {
      return new HoldfastLoadBalancer(helper, System::nanoTime);
    }
  }

  @Override
  public ConfigOrError parseLoadBalancingPolicyConfig(Map<String, ?> config) {
    try {
      return ConfigOrError.fromConfig(HoldfastLoadBalancerConfig.parse(config));
    } catch (IllegalArgumentException e) {
      return ConfigOrError.fromError(
          Status.UNAVAILABLE.withDescription(e.getMessage()).withCause(e));
    }
  }
}
