package dev.holdfast.spring.boot.starter.client;

import dev.holdfast.grpc.HoldfastChannelBuilder;
import io.grpc.CompressorRegistry;
import io.grpc.DecompressorRegistry;
import io.grpc.ManagedChannelBuilder;
import io.grpc.netty.NettyChannelBuilder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.grpc.client.autoconfigure.GrpcClientDefaultServiceConfigCustomizer;
import org.springframework.boot.grpc.client.autoconfigure.GrpcClientProperties;
import org.springframework.core.env.Environment;
import org.springframework.grpc.client.GrpcChannelBuilderCustomizer;
import org.springframework.grpc.client.interceptor.DefaultDeadlineSetupClientInterceptor;

/**
 * The customization of channels in the order of Spring Boot: codecs, settings, the beans of the
 * application, the service config.
 */
final class ChannelCustomizers {
  private final ObjectProvider<CompressorRegistry> compressors;
  private final ObjectProvider<DecompressorRegistry> decompressors;
  private final ObjectProvider<GrpcChannelBuilderCustomizer<?>> customizers;
  private final ObjectProvider<GrpcClientDefaultServiceConfigCustomizer> serviceConfigs;

  ChannelCustomizers(
      ObjectProvider<CompressorRegistry> compressors,
      ObjectProvider<DecompressorRegistry> decompressors,
      ObjectProvider<GrpcChannelBuilderCustomizer<?>> customizers,
      ObjectProvider<GrpcClientDefaultServiceConfigCustomizer> serviceConfigs) {
    this.compressors = compressors;
    this.decompressors = decompressors;
    this.customizers = customizers;
    this.serviceConfigs = serviceConfigs;
  }

  /**
   * For channels that Holdfast makes: of the settings only those that the application set, unless
   * the target is of no registry.
   */
  List<GrpcChannelBuilderCustomizer<HoldfastChannelBuilder>> ofHoldfast(
      ChannelTargets targets, Environment environment) {
    return List.of(
        (name, builder) -> {
          setCodecs(builder);
          ChannelSettings set =
              targets.isOfRegistry(targets.targetOf(name))
                  ? ChannelSettings.explicit(environment, targets.nameOf(name))
                  : ChannelSettings.complete(targets.channel(name));
          set.applyTo(builder);
          if (set.policy() != null) {
            builder.loadBalancing(set.policy());
          }
          if (set.deadline() != null && set.deadline().toMillis() > 0) {
            // For all attempts of a call together.
            builder.interceptAboveRetry(new DefaultDeadlineSetupClientInterceptor(set.deadline()));
          }
          customizers
              .orderedStream()
              .forEach(customizer -> EitherBuilder.customize(customizer, name, builder));
          setServiceConfig(targets.channel(name), name, builder);
        });
  }

  /** For other channels, the settings as Spring Boot has them. */
  List<GrpcChannelBuilderCustomizer<NettyChannelBuilder>> ofSpringBoot(ChannelTargets targets) {
    return List.of(
        (name, builder) -> {
          setCodecs(builder);
          ChannelSettings all = ChannelSettings.complete(targets.channel(name));
          if (all.deadline() != null && all.deadline().toMillis() > 0) {
            builder.intercept(new DefaultDeadlineSetupClientInterceptor(all.deadline()));
          }
          if (all.policy() != null && !targets.targetOf(name).startsWith("unix:")) {
            builder.defaultLoadBalancingPolicy(all.policy());
          }
          all.applyTo(builder);
          customizers
              .orderedStream()
              .forEach(customizer -> EitherBuilder.apply(customizer, name, builder));
          setServiceConfig(targets.channel(name), name, builder);
        });
  }

  private void setCodecs(ManagedChannelBuilder<?> builder) {
    compressors.ifAvailable(builder::compressorRegistry);
    decompressors.ifAvailable(builder::decompressorRegistry);
  }

  private void setServiceConfig(
      GrpcClientProperties.Channel channel, String name, ManagedChannelBuilder<?> builder) {
    Map<String, Object> config = new LinkedHashMap<>();
    if (channel.getServiceConfig() != null) {
      channel.getServiceConfig().applyTo(config);
    }
    if (channel.getHealth().isEnabled()) {
      String service = channel.getHealth().getServiceName();
      config.put("healthCheckConfig", Map.of("serviceName", service == null ? "" : service));
    }
    serviceConfigs.orderedStream().forEach(customizer -> customizer.customize(name, config));
    if (!config.isEmpty()) {
      builder.defaultServiceConfig(config);
    }
  }
}
