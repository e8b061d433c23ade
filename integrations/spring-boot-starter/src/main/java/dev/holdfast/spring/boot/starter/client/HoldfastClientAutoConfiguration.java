package dev.holdfast.spring.boot.starter.client;

import dev.holdfast.core.discovery.Registries;
import dev.holdfast.spring.boot.starter.HoldfastAutoConfiguration;
import dev.holdfast.spring.boot.starter.HoldfastProperties;
import io.grpc.CompressorRegistry;
import io.grpc.DecompressorRegistry;
import io.grpc.netty.NettyChannelBuilder;
import java.util.Set;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.grpc.client.autoconfigure.GrpcChannelFactoryCustomizer;
import org.springframework.boot.grpc.client.autoconfigure.GrpcClientAutoConfiguration;
import org.springframework.boot.grpc.client.autoconfigure.GrpcClientDefaultServiceConfigCustomizer;
import org.springframework.boot.grpc.client.autoconfigure.GrpcClientProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.grpc.client.ChannelCredentialsProvider;
import org.springframework.grpc.client.ClientInterceptorsConfigurer;
import org.springframework.grpc.client.GrpcChannelBuilderCustomizer;
import org.springframework.grpc.client.GrpcChannelFactory;
import org.springframework.grpc.client.InProcessGrpcChannelFactory;
import org.springframework.grpc.client.NettyGrpcChannelFactory;

/** The auto-configuration of channels, before which that of Spring Boot backs off. */
@AutoConfiguration(
    before = GrpcClientAutoConfiguration.class,
    after = HoldfastAutoConfiguration.class)
@ConditionalOnClass({GrpcClientProperties.class, NettyChannelBuilder.class})
@ConditionalOnBean(Registries.class)
@ConditionalOnBooleanProperty(
    name = {
      "holdfast.client.enabled",
      "spring.grpc.client.enabled",
      "spring.grpc.client.channelfactory.enabled"
    },
    matchIfMissing = true)
@EnableConfigurationProperties(GrpcClientProperties.class)
public final class HoldfastClientAutoConfiguration {

  @Bean
  @ConditionalOnMissingBean(
      value = GrpcChannelFactory.class,
      ignored = InProcessGrpcChannelFactory.class)
  HoldfastGrpcChannelFactory holdfastGrpcChannelFactory(
      Environment environment,
      GrpcClientProperties clientProperties,
      HoldfastProperties holdfastProperties,
      Registries registries,
      ChannelCredentialsProvider credentials,
      ClientInterceptorsConfigurer interceptors,
      ChannelCustomizers customizers,
      ObjectProvider<GrpcChannelFactoryCustomizer> factoryCustomizers) {
    ChannelTargets targets =
        new ChannelTargets(
            environment, clientProperties, Set.copyOf(registries.providers().keySet()));
    NettyGrpcChannelFactory others =
        new NettyGrpcChannelFactory(customizers.ofSpringBoot(targets), interceptors);
    others.setVirtualTargets(targets::targetOf);
    others.setCredentialsProvider(credentials);
    HoldfastGrpcChannelFactory factory =
        new HoldfastGrpcChannelFactory(
            customizers.ofHoldfast(targets, environment),
            interceptors,
            targets,
            registries,
            holdfastProperties.client(),
            others);
    factory.setCredentialsProvider(credentials);
    factoryCustomizers
        .orderedStream()
        .forEach(
            customizer -> {
              customizer.customize(factory);
              customizer.customize(others);
            });
    return factory;
  }

  @Bean
  ChannelCustomizers holdfastChannelCustomizers(
      ObjectProvider<CompressorRegistry> compressors,
      ObjectProvider<DecompressorRegistry> decompressors,
      ObjectProvider<GrpcChannelBuilderCustomizer<?>> customizers,
      ObjectProvider<GrpcClientDefaultServiceConfigCustomizer> serviceConfigs) {
    return new ChannelCustomizers(compressors, decompressors, customizers, serviceConfigs);
  }
}
