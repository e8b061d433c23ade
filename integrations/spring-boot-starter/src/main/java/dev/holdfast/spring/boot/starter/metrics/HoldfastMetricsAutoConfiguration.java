package dev.holdfast.spring.boot.starter.metrics;

import dev.holdfast.grpc.metrics.GrpcMetrics;
import dev.holdfast.spring.boot.starter.HoldfastAutoConfiguration;
import dev.holdfast.spring.boot.starter.client.HoldfastClientAutoConfiguration;
import dev.holdfast.spring.boot.starter.server.HoldfastServerAutoConfiguration;
import io.grpc.ManagedChannelBuilder;
import io.grpc.ServerBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.grpc.client.GrpcChannelBuilderCustomizer;
import org.springframework.grpc.server.ServerBuilderCustomizer;

/**
 * The auto-configuration of gRPC's own metrics (gRFC A66, A94, A96) on the meter registry of the
 * application, for all its channels and servers. It backs off where the application has a {@code
 * GrpcOpenTelemetry}, which records the same.
 */
@AutoConfiguration(
    after = HoldfastAutoConfiguration.class,
    afterName =
        "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration",
    before = {HoldfastClientAutoConfiguration.class, HoldfastServerAutoConfiguration.class})
@ConditionalOnBooleanProperty(
    name = {"holdfast.enabled", "holdfast.grpc-metrics"},
    matchIfMissing = true)
@ConditionalOnSingleCandidate(MeterRegistry.class)
@ConditionalOnMissingBean(type = "io.grpc.opentelemetry.GrpcOpenTelemetry")
public final class HoldfastMetricsAutoConfiguration {

  @Bean
  @ConditionalOnMissingBean
  GrpcMetrics holdfastGrpcMetrics(MeterRegistry registry) {
    return GrpcMetrics.of(registry);
  }

  /** The metrics of channels, where the application has channels of spring-grpc. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(GrpcChannelBuilderCustomizer.class)
  static class ChannelConfiguration {
    @Bean
    <T extends ManagedChannelBuilder<T>>
        GrpcChannelBuilderCustomizer<T> holdfastGrpcMetricsOfChannels(GrpcMetrics metrics) {
      return (name, builder) -> metrics.configureChannelBuilder(builder);
    }
  }

  /** The metrics of servers, where the application has servers of spring-grpc. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(ServerBuilderCustomizer.class)
  static class ServerConfiguration {
    @Bean
    <T extends ServerBuilder<T>> ServerBuilderCustomizer<T> holdfastGrpcMetricsOfServers(
        GrpcMetrics metrics) {
      return metrics::configureServerBuilder;
    }
  }
}
