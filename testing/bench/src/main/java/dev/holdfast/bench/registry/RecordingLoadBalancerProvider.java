package dev.holdfast.bench.registry;

import dev.holdfast.core.Endpoint;
import dev.holdfast.grpc.EndpointAttributes;
import dev.holdfast.grpc.HoldfastLoadBalancerProvider;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer;
import io.grpc.LoadBalancerProvider;
import io.grpc.NameResolver.ConfigOrError;
import io.grpc.Status;
import io.grpc.util.ForwardingLoadBalancer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A load-balancing policy that delegates to Holdfast's own and records each list that the resolver
 * gives to the channel.
 */
final class RecordingLoadBalancerProvider extends LoadBalancerProvider {
  static final String NAME = "bench_probe";
  private static final int PRIORITY = 5;

  private final LoadBalancerProvider real = new HoldfastLoadBalancerProvider();
  private final PropagationDelays propagationDelays;
  private final List<PropagationDelays.Reader> readers = new CopyOnWriteArrayList<>();

  RecordingLoadBalancerProvider(PropagationDelays propagationDelays) {
    this.propagationDelays = propagationDelays;
  }

  /** The number of channels that have been given a list. */
  long started() {
    return readers.stream().filter(PropagationDelays.Reader::hasStarted).count();
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
    return NAME;
  }

  @Override
  public ConfigOrError parseLoadBalancingPolicyConfig(Map<String, ?> config) {
    return real.parseLoadBalancingPolicyConfig(config);
  }

  @Override
  public LoadBalancer newLoadBalancer(LoadBalancer.Helper helper) {
    LoadBalancer balancer = real.newLoadBalancer(helper);
    PropagationDelays.Reader reader = propagationDelays.new Reader();
    readers.add(reader);
    return new ForwardingLoadBalancer() {
      @Override
      protected LoadBalancer delegate() {
        return balancer;
      }

      @Override
      public Status acceptResolvedAddresses(ResolvedAddresses resolved) {
        List<Endpoint> endpoints = new ArrayList<>();
        for (EquivalentAddressGroup group : resolved.getAddresses()) {
          Endpoint endpoint = group.getAttributes().get(EndpointAttributes.ENDPOINT);
          if (endpoint != null) {
            endpoints.add(endpoint);
          }
        }
        reader.onList(endpoints);
        return balancer.acceptResolvedAddresses(resolved);
      }
    };
  }
}
