package dev.holdfast.grpc;

import dev.holdfast.core.Tunable;
import dev.holdfast.grpc.internal.balancer.HoldfastLoadBalancer;
import dev.holdfast.grpc.internal.balancer.HoldfastLoadBalancerConfig;
import io.grpc.LoadBalancer;
import io.grpc.LoadBalancerProvider;
import io.grpc.NameResolver.ConfigOrError;
import io.grpc.Status;
import java.util.List;
import java.util.Map;

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

  @Override
  public boolean isAvailable() {
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
    return new HoldfastLoadBalancer(helper, System::nanoTime);
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
