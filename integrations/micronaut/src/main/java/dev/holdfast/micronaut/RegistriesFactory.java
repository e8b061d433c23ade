package dev.holdfast.micronaut;

import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.discovery.Registries;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import io.micronaut.context.annotation.Factory;
import io.micronaut.context.env.Environment;
import io.micronaut.core.naming.NameUtils;
import jakarta.inject.Singleton;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The factory of the registries that all channels and servers of an application share.
 *
 * <p>They run in the environment of the process, over which the properties under {@code holdfast}
 * stand: {@code holdfast.registry} is HOLDFAST_REGISTRY, {@code holdfast.registry-user} is
 * HOLDFAST_REGISTRY_USER. They count on the meter registry of the application, if there is one.
 */
@Factory
final class RegistriesFactory {
  private static final String PREFIX = "holdfast";
  private static final Pattern SEPARATOR = Pattern.compile("[.-]");

  @Singleton
  Registries registries(Environment properties, Optional<MeterRegistry> meters) {
    RegistryContext process = RegistryContext.system();
    RegistryContext context =
        new RegistryContext(
            process.scheduler(),
            meters.orElse(Metrics.globalRegistry),
            process.random(),
            environment(properties, process.environment()));
    return new Registries(context);
  }

  private static Map<String, String> environment(
      Environment properties, Map<String, String> process) {
    Map<String, String> merged = new LinkedHashMap<>(process);
    properties
        .getProperties(PREFIX)
        .forEach((key, value) -> merged.put(variable(PREFIX + "." + key), String.valueOf(value)));
    return Map.copyOf(merged);
  }

  private static String variable(String property) {
    return SEPARATOR
        .matcher(NameUtils.hyphenate(property))
        .replaceAll("_")
        .toUpperCase(Locale.ROOT);
  }
}
