package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Tunable;
import dev.holdfast.grpc.internal.balancer.HoldfastLoadBalancerConfig;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The lists that docs/grpc.md is made from name what can be set, all of it and nothing else. */
class SettingTablesTest {
  private static final Set<String> OF_GRPC =
      Set.of(
          "build",
          "addService",
          "defaultServiceConfig",
          "defaultLoadBalancingPolicy",
          "keepAliveTime",
          "keepAliveTimeout",
          "keepAliveWithoutCalls",
          "maxInboundMessageSize",
          "maxInboundMetadataSize",
          "intercept");

  @Test
  void everyMethodOfTheChannelBuilderHasItsRow() {
    assertThat(methods(BuilderSettings.ofChannels()))
        .isEqualTo(ownMethods(HoldfastChannelBuilder.class));
  }

  @Test
  void everyMethodOfTheServerBuilderHasItsRow() {
    assertThat(methods(BuilderSettings.ofServers()))
        .isEqualTo(ownMethods(HoldfastServerBuilder.class));
  }

  @Test
  void everyValueOfTheOptionsHasItsRow() {
    assertThat(keys(DrainOptions.tunables())).isEqualTo(components(DrainOptions.class));
    assertThat(keys(RetryOptions.tunables())).isEqualTo(components(RetryOptions.class));
    assertThat(keys(HoldfastLoadBalancerProvider.tunables()))
        .isEqualTo(components(HoldfastLoadBalancerConfig.class));
  }

  private static Set<String> methods(List<Tunable> settings) {
    return settings.stream()
        .map(setting -> setting.key().substring(0, setting.key().indexOf('(')))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> ownMethods(Class<?> builder) {
    return Arrays.stream(builder.getDeclaredMethods())
        .filter(method -> Modifier.isPublic(method.getModifiers()) && !method.isSynthetic())
        .map(Method::getName)
        .filter(name -> !OF_GRPC.contains(name))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static List<String> keys(List<Tunable> tunables) {
    return tunables.stream().map(Tunable::key).toList();
  }

  private static List<String> components(Class<? extends Record> options) {
    return Arrays.stream(options.getRecordComponents()).map(RecordComponent::getName).toList();
  }
}
