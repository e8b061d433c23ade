package dev.holdfast.spring.boot.starter.actuator;

import dev.holdfast.core.discovery.Registries;
import dev.holdfast.spring.boot.starter.HoldfastAutoConfiguration;
import dev.holdfast.spring.boot.starter.server.HoldfastServerAutoConfiguration;
import dev.holdfast.spring.boot.starter.server.ReadyServers;
import java.util.Optional;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The auto-configuration of the health contributor and of the actuator endpoint. */
@AutoConfiguration(after = {HoldfastAutoConfiguration.class, HoldfastServerAutoConfiguration.class})
@ConditionalOnBean(Registries.class)
public final class HoldfastActuatorAutoConfiguration {

  /** The health contributor, where Spring Boot has health. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass({HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class})
  @ConditionalOnEnabledHealthIndicator("holdfast")
  static class HealthConfiguration {
    @Bean
    @ConditionalOnMissingBean(name = "holdfastHealthIndicator")
    HoldfastHealthIndicator holdfastHealthIndicator(
        Registries registries, ObjectProvider<ReadyServers> servers) {
      return new HoldfastHealthIndicator(status(registries, servers));
    }
  }

  /** The endpoint, where it is exposed. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
  @ConditionalOnAvailableEndpoint(HoldfastEndpoint.class)
  static class EndpointConfiguration {
    @Bean
    @ConditionalOnMissingBean
    HoldfastEndpoint holdfastEndpoint(Registries registries, ObjectProvider<ReadyServers> servers) {
      return new HoldfastEndpoint(
          status(registries, servers), new MeterTotals(registries.context().meters()));
    }
  }

  private static ApplicationStatus status(
      Registries registries, ObjectProvider<ReadyServers> servers) {
    return new ApplicationStatus(registries, Optional.ofNullable(servers.getIfAvailable()));
  }
}
