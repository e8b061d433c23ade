package dev.holdfast.grpc.internal.pairing;

import dev.holdfast.core.annotation.Limit;
import io.grpc.LoadBalancer;
import io.grpc.LoadBalancerProvider;
import io.grpc.LoadBalancerRegistry;
import io.grpc.NameResolver.ConfigOrError;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The load balancer providers that put {@link PairedSubchannel}s under every policy, whether the
 * default, a service config or xDS names it.
 *
 * <p>grpc looks policies up by name, so each known name gets a provider of higher priority that
 * hands over to the one found before. In channels that are not Holdfast's it does nothing else.
 */
public final class PairingLoadBalancerProviders {
  private static final Logger log = LoggerFactory.getLogger(PairingLoadBalancerProviders.class);

  // What grpc finds without ServiceLoader where that doesn't work.
  private static final List<String> ALWAYS_THERE = List.of("pick_first", "round_robin");

  // A broken jar on the class path must not make this an endless loop.
  @Limit(
      of = "policies of the class path that are looked for",
      then = "the others are used without a pair of connections")
  private static final int MOST_PROVIDERS = 1_000;

  private PairingLoadBalancerProviders() {}

  /**
   * Wraps what is registered now; cheap when nothing is new.
   *
   * @param named policies that the channel names itself, which may be registered by code
   */
  public static synchronized void install(LoadBalancerRegistry registry, Set<String> named) {
    Set<String> names = new LinkedHashSet<>(OnClassPath.NAMES);
    names.addAll(named);
    for (String name : names) {
      LoadBalancerProvider found = registry.getProvider(name);
      if (found != null && !(found instanceof Paired)) {
        registry.register(new Paired(found));
      }
    }
  }

  private static Set<String> onClassPath() {
    Set<String> names = new LinkedHashSet<>(ALWAYS_THERE);
    Iterator<LoadBalancerProvider> providers =
        ServiceLoader.load(LoadBalancerProvider.class, LoadBalancerProvider.class.getClassLoader())
            .iterator();
    for (int i = 0; i < MOST_PROVIDERS; i++) {
      try {
        if (!providers.hasNext()) {
          break;
        }
        names.add(providers.next().getPolicyName());
      } catch (ServiceConfigurationError e) {
        log.warn("event=policy_not_loadable cause=\"{}\"", e.getMessage());
      }
    }
    return names;
  }

  /** Looked for once: a program may build thousands of channels. */
  private static final class OnClassPath {
    static final Set<String> NAMES = Collections.unmodifiableSet(onClassPath());
  }

  private static final class Paired extends LoadBalancerProvider {
    private final LoadBalancerProvider delegate;

    Paired(LoadBalancerProvider delegate) {
      this.delegate = delegate;
    }

    @Override
    public boolean isAvailable() {
      return true;
    }

    @Override
    public int getPriority() {
      return delegate.getPriority() + 1;
    }

    @Override
    public String getPolicyName() {
      return delegate.getPolicyName();
    }

    @Override
    public LoadBalancer newLoadBalancer(LoadBalancer.Helper helper) {
      return PairingLoadBalancer.around(delegate, helper);
    }

    @Override
    public ConfigOrError parseLoadBalancingPolicyConfig(Map<String, ?> config) {
      return delegate.parseLoadBalancingPolicyConfig(config);
    }
  }
}
