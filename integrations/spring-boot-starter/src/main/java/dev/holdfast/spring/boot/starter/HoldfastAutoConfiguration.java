package dev.holdfast.spring.boot.starter;

import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryProvider;
import dev.holdfast.core.discovery.Registries;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import java.util.ArrayList;
import java.util.List;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * The auto-configuration of the registries that all channels and servers of an application share.
 *
 * <p>They run in the environment of the process with the properties under {@code holdfast} over it,
 * and count on the meter registry of the application, if there is one.
 */
@AutoConfiguration
@ConditionalOnBooleanProperty(name = "holdfast.enabled", matchIfMissing = true)
@EnableConfigurationProperties(HoldfastProperties.class)
public final class HoldfastAutoConfiguration {

  @Bean
  @ConditionalOnMissingBean
  Registries holdfastRegistries(
      HoldfastProperties properties,
      ObjectProvider<MeterRegistry> meters,
      ObjectProvider<RegistryProvider> providers) {
    RegistryContext process = RegistryContext.system();
    RegistryContext context =
        new RegistryContext(
            process.scheduler(),
            meters.getIfUnique(() -> Metrics.globalRegistry),
            process.random(),
            SpringSetting.environment(properties, process.environment()));
    List<RegistryProvider> all = new ArrayList<>(Registries.shared().providers().values());
    providers.orderedStream().forEach(all::add);
    return new Registries(context, all);
  }
}
