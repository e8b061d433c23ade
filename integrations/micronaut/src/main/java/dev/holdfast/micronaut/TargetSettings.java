package dev.holdfast.micronaut;

import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.discovery.Registries;
import io.micronaut.context.env.Environment;
import io.micronaut.grpc.channels.GrpcManagedChannelConfiguration;
import jakarta.inject.Singleton;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The targets of channels, and whether a registry resolves them. */
@Singleton
final class TargetSettings {
  private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*)://.*");
  private static final String DNS = "dns";

  private final Environment properties;
  private final Set<String> schemes;

  TargetSettings(Environment properties, Registries registries) {
    this.properties = properties;
    schemes = registries.providers().keySet();
  }

  /**
   * The target of a channel: {@code grpc.channels.NAME.target}, {@code grpc.channels.NAME.address}
   * or the name itself.
   */
  String targetOf(String name) {
    return property(name, GrpcManagedChannelConfiguration.SETTING_TARGET)
        .or(() -> property(name, GrpcManagedChannelConfiguration.SETTING_URL))
        .orElse(name);
  }

  /** Whether a registry resolves the target of a channel, rather than grpc-java. */
  boolean isOfRegistry(String name) {
    String target = targetOf(name);
    Matcher matcher = SCHEME.matcher(target);
    if (!matcher.matches()) {
      return target.startsWith(DNS + ":") && schemes.contains(DNS);
    }
    String scheme = matcher.group(1);
    return schemes.contains(scheme) || scheme.equals(ServiceTarget.ENVIRONMENT_SCHEME);
  }

  private Optional<String> property(String name, String setting) {
    return properties.getProperty(
        GrpcManagedChannelConfiguration.PREFIX + '.' + name + setting, String.class);
  }
}
