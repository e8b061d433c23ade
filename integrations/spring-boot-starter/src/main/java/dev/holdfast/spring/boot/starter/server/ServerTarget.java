package dev.holdfast.spring.boot.starter.server;

import dev.holdfast.core.ServiceTarget;
import dev.holdfast.spring.boot.starter.HoldfastProperties;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.util.StringUtils;

/** The target under which a server is registered, from its settings. */
final class ServerTarget {
  private ServerTarget() {}

  /**
   * The service in the registry of the server, else in that of the process; empty when neither the
   * registry of the server nor the service is set.
   *
   * @param applicationName the service where only the registry is set
   * @throws IllegalArgumentException when the other half is missing
   */
  static Optional<String> of(
      HoldfastProperties.Server settings,
      @Nullable String applicationName,
      Map<String, String> environment) {
    if (!StringUtils.hasText(settings.registry())) {
      return Optional.ofNullable(settings.service())
          .filter(StringUtils::hasText)
          .map(service -> inProcessRegistry(service, environment));
    }
    String service = StringUtils.hasText(settings.service()) ? settings.service() : applicationName;
    if (!StringUtils.hasText(service)) {
      throw new IllegalArgumentException(
          "holdfast.server.service: not set (expected: the name that clients know, with"
              + " holdfast.server.registry; or spring.application.name)");
    }
    return Optional.of(in(settings.registry(), service));
  }

  private static String inProcessRegistry(String service, Map<String, String> environment) {
    if (!StringUtils.hasText(environment.get(ServiceTarget.REGISTRY_VARIABLE))) {
      throw new IllegalArgumentException(
          "holdfast.server.registry: not set (expected: a registry such as"
              + " etcd://h1,h2,h3:2379/prod, with holdfast.server.service; or"
              + " holdfast.registry)");
    }
    return ServiceTarget.ENVIRONMENT_SCHEME + ":///" + service;
  }

  /** The target of a service: the path of the registry goes on with its name. */
  static String in(String registry, String service) {
    int query = registry.indexOf('?');
    String path = query < 0 ? registry : registry.substring(0, query);
    String parameters = query < 0 ? "" : registry.substring(query);
    // A registry without authority and namespace, "kubernetes:///", keeps its three slashes.
    String separator = path.endsWith("/") ? "" : "/";
    return path + separator + service + parameters;
  }
}
