package dev.holdfast.grpc;

import dev.holdfast.core.PathProfile;
import dev.holdfast.grpc.internal.resolver.RegistryNameResolverProvider;
import io.grpc.LoadBalancerProvider;
import io.grpc.LoadBalancerRegistry;
import io.grpc.ManagedChannel;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;

/**
 * Calls over a watched channel to two registered servers, in a class loader that hides the class
 * which the argument names. Prints the answers, each after a bar.
 */
public final class FewCallsProgram implements Callable<List<String>> {
  static final String START = "| ";

  private static final int CALLS = 20;
  private static final int DEADLINE_SECONDS = 30;

  /** The program. */
  public static void main(String[] args) throws Exception {
    HidingClassLoader loader = new HidingClassLoader(args[0]);
    LoadBalancerRegistry policies = LoadBalancerRegistry.getDefaultRegistry();
    policies.deregister(Objects.requireNonNull(policies.getProvider("holdfast")));
    policies.register(
        (LoadBalancerProvider) copy(loader, HoldfastLoadBalancerProvider.class.getName()));
    NameResolverRegistry resolvers = NameResolverRegistry.getDefaultRegistry();
    resolvers.deregister(Objects.requireNonNull(resolvers.getProviderForScheme("holdfast")));
    resolvers.register(
        (NameResolverProvider)
            copy(
                loader,
                RegistryNameResolverProvider.EnvironmentNameResolverProvider.class.getName()));
    List<?> lines = (List<?>) ((Callable<?>) copy(loader, FewCallsProgram.class.getName())).call();
    lines.forEach(line -> System.out.println(START + line));
    System.exit(0);
  }

  private static Object copy(ClassLoader loader, String type) throws ReflectiveOperationException {
    return loader.loadClass(type).getConstructor().newInstance();
  }

  @Override
  public List<String> call() throws Exception {
    try (LoopbackTopology topology = new LoopbackTopology()) {
      topology.serve(new WordsService("first"));
      topology.serve(new WordsService("second"));
      ManagedChannel channel = topology.channel(topology.builder().path(PathProfile.SWARM));
      return LoopbackTopology.answers(channel, CALLS, DEADLINE_SECONDS);
    }
  }
}
