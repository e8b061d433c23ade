package dev.holdfast.spring.boot.starter.discovery;

import dev.holdfast.spring.boot.starter.HoldfastAutoConfiguration;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.context.annotation.Bean;

/** The auto-configuration of targets {@code discovery:///service}. */
@AutoConfiguration(
    before = HoldfastAutoConfiguration.class,
    afterName = {
      "org.springframework.cloud.client.discovery.composite.CompositeDiscoveryClientAutoConfiguration",
      "org.springframework.cloud.client.discovery.simple.SimpleDiscoveryClientAutoConfiguration"
    })
@ConditionalOnClass(DiscoveryClient.class)
@ConditionalOnBean(DiscoveryClient.class)
@ConditionalOnBooleanProperty(name = "holdfast.enabled", matchIfMissing = true)
public final class HoldfastDiscoveryAutoConfiguration {

  @Bean
  DiscoveryClientRegistryProvider holdfastDiscoveryRegistryProvider(
      ObjectProvider<DiscoveryClient> clients) {
    return new DiscoveryClientRegistryProvider(clients::getObject);
  }
}
