package dev.holdfast.spring.boot.starter.client;

import dev.holdfast.core.ServiceTarget;
import io.grpc.NameResolverRegistry;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.springframework.boot.grpc.client.autoconfigure.GrpcClientProperties;
import org.springframework.core.env.PropertyResolver;

/**
 * The targets of channels: the target of a name under {@code spring.grpc.client.channel}, and
 * whether a registry resolves it.
 *
 * @param schemes those of the registries on the class path
 */
record ChannelTargets(
    PropertyResolver placeholders, GrpcClientProperties properties, Set<String> schemes) {
  /** The scheme of registries of Spring Cloud. */
  static final String DISCOVERY = "discovery";

  static final String DEFAULT_CHANNEL = "default";
  private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*)://.*");
  private static final Pattern WITHOUT_RESOLVER = Pattern.compile("(?:static|tcp):/*(.*)");
  private static final String DNS = "dns:";

  /** The settings that Spring Boot would use for this name, its defaults included. */
  GrpcClientProperties.Channel channel(String name) {
    GrpcClientProperties.Channel channel = properties.getChannel().get(nameOf(name));
    return channel == null ? new GrpcClientProperties.Channel() : channel;
  }

  /** The name under which the settings of a channel stand. */
  String nameOf(String name) {
    return properties.getChannel().containsKey(name) ? name : DEFAULT_CHANNEL;
  }

  /** The target of a name, or the name itself where it is a target. */
  String targetOf(String name) {
    GrpcClientProperties.Channel named = properties.getChannel().get(name);
    String written = named != null ? named.getTarget() : name;
    if (named == null && name.equals(DEFAULT_CHANNEL)) {
      written = new GrpcClientProperties.Channel().getTarget();
    }
    String target = placeholders.resolvePlaceholders(written);
    Matcher plain = WITHOUT_RESOLVER.matcher(target);
    return plain.matches() ? plain.group(1) : target;
  }

  /**
   * Whether a registry resolves the target, rather than grpc-java.
   *
   * @throws IllegalArgumentException when the target needs a DiscoveryClient and there is none
   */
  boolean isOfRegistry(String target) {
    Matcher matcher = SCHEME.matcher(target);
    if (!matcher.matches()) {
      return target.startsWith(DNS) && schemes.contains("dns");
    }
    String scheme = matcher.group(1);
    if (schemes.contains(scheme) || scheme.equals(ServiceTarget.ENVIRONMENT_SCHEME)) {
      return true;
    }
    if (scheme.equals(DISCOVERY)) {
      throw new IllegalArgumentException(
          "target: \""
              + target
              + "\" (expected: a bean of type DiscoveryClient with it, of a Spring Cloud starter)");
    }
    // An unknown scheme goes to Holdfast's builder too, which says what is missing.
    return NameResolverRegistry.getDefaultRegistry().getProviderForScheme(scheme) == null;
  }
}
