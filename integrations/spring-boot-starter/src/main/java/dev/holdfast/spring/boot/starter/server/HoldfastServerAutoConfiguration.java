package dev.holdfast.spring.boot.starter.server;

import dev.holdfast.core.discovery.Registries;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.spring.boot.starter.HoldfastAutoConfiguration;
import dev.holdfast.spring.boot.starter.HoldfastProperties;
import io.grpc.BindableService;
import io.grpc.CompressorRegistry;
import io.grpc.DecompressorRegistry;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.util.List;
import java.util.Optional;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerAutoConfiguration;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerExecutorProvider;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerFactoryCustomizer;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerProperties;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.core.env.Environment;
import org.springframework.grpc.server.GrpcServerFactory;
import org.springframework.grpc.server.InProcessGrpcServerFactory;
import org.springframework.grpc.server.ServerBuilderCustomizer;
import org.springframework.grpc.server.lifecycle.GrpcServerLifecycle;
import org.springframework.grpc.server.service.GrpcServiceConfigurer;
import org.springframework.grpc.server.service.GrpcServiceDiscoverer;

/** The auto-configuration of the server, before which that of Spring Boot backs off. */
@AutoConfiguration(
    before = GrpcServerAutoConfiguration.class,
    after = HoldfastAutoConfiguration.class)
@ConditionalOnClass({GrpcServerProperties.class, NettyServerBuilder.class})
@ConditionalOnBean({Registries.class, BindableService.class})
@ConditionalOnBooleanProperty(
    name = {
      "holdfast.server.enabled",
      "spring.grpc.server.enabled",
      "spring.grpc.server.factory.enabled"
    },
    matchIfMissing = true)
@Conditional(OnTcpServerCondition.class)
@EnableConfigurationProperties(GrpcServerProperties.class)
public final class HoldfastServerAutoConfiguration {

  @Bean
  static HealthDestroyMethod holdfastHealthDestroyMethod() {
    return new HealthDestroyMethod();
  }

  @Bean
  ReadyServers holdfastReadyServers() {
    return new ReadyServers();
  }

  @Bean
  ShutdownBudget holdfastShutdownBudget(Environment environment, HoldfastProperties properties) {
    return ShutdownBudget.of(
        environment, ServerSettings.explicit(environment), properties.server().drain());
  }

  @Bean
  ServerCustomizers holdfastServerCustomizers(
      Environment environment,
      ObjectProvider<CompressorRegistry> compressors,
      ObjectProvider<DecompressorRegistry> decompressors,
      ObjectProvider<GrpcServerExecutorProvider> executors,
      ObjectProvider<ServerBuilderCustomizer<?>> customizers) {
    return new ServerCustomizers(
        ServerSettings.explicit(environment), compressors, decompressors, executors, customizers);
  }

  @Bean
  @ConditionalOnMissingBean(
      value = GrpcServerFactory.class,
      ignored = InProcessGrpcServerFactory.class)
  HoldfastGrpcServerFactory holdfastGrpcServerFactory(
      Environment environment,
      GrpcServerProperties serverProperties,
      HoldfastProperties holdfastProperties,
      Registries registries,
      SslBundles bundles,
      ShutdownBudget budget,
      ReadyServers servers,
      ServerCustomizers customizers,
      GrpcServiceDiscoverer services,
      GrpcServiceConfigurer configurer,
      ObjectProvider<GrpcServerFactoryCustomizer> factoryCustomizers,
      ObjectProvider<HealthStatusManager> health) {
    HoldfastProperties.Server settings = holdfastProperties.server();
    HoldfastGrpcServerFactory.Parts parts =
        new HoldfastGrpcServerFactory.Parts(
            registries,
            settings,
            ServerTarget.of(
                settings,
                environment.getProperty("spring.application.name"),
                registries.context().environment()),
            budget,
            servers,
            Optional.ofNullable(health.getIfUnique()));
    HoldfastGrpcServerFactory factory =
        new HoldfastGrpcServerFactory(
            BindAddress.of(serverProperties),
            List.<ServerBuilderCustomizer<HoldfastServerBuilder>>of(customizers::customize),
            BindAddress.credentials(serverProperties.getSsl(), bundles),
            parts);
    factoryCustomizers.orderedStream().forEach(customizer -> customizer.customize(factory));
    services
        .findServices()
        .forEach(spec -> factory.addService(configurer.configure(spec, factory)));
    return factory;
  }

  @Bean
  @ConditionalOnBean(HoldfastGrpcServerFactory.class)
  GrpcServerLifecycle holdfastGrpcServerLifecycle(
      HoldfastGrpcServerFactory factory, ShutdownBudget budget, ApplicationEventPublisher events) {
    return new GrpcServerLifecycle(factory, budget.total(), events);
  }
}
