package dev.holdfast.spring.boot.starter.client;

import dev.holdfast.core.discovery.Registries;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.spring.boot.starter.HoldfastProperties;
import io.grpc.ChannelCredentials;
import io.grpc.ManagedChannel;
import java.util.List;
import org.springframework.grpc.client.ChannelBuilderOptions;
import org.springframework.grpc.client.ClientInterceptorsConfigurer;
import org.springframework.grpc.client.DefaultGrpcChannelFactory;
import org.springframework.grpc.client.GrpcChannelBuilderCustomizer;

/**
 * A channel factory of spring-grpc whose channels follow a registry.
 *
 * <p>Targets of no registry get the channels that Spring Boot would make, of the factory that is
 * given for them. Where {@code holdfast.path} or {@code holdfast.streams} is set they are made here
 * as well, with the settings that Spring Boot would use and its resolvers.
 */
public final class HoldfastGrpcChannelFactory
    extends DefaultGrpcChannelFactory<HoldfastChannelBuilder> {
  private static final String UNIX = "unix:";
  private static final String PATH = "HOLDFAST_PATH";
  private static final String STREAMS = "HOLDFAST_STREAMS";
  private static final String OFF = "off";

  private final ChannelTargets channelTargets;
  private final Registries registries;
  private final Registries none;
  private final HoldfastProperties.Client settings;
  private final DefaultGrpcChannelFactory<?> others;

  HoldfastGrpcChannelFactory(
      List<GrpcChannelBuilderCustomizer<HoldfastChannelBuilder>> customizers,
      ClientInterceptorsConfigurer interceptors,
      ChannelTargets targets,
      Registries registries,
      HoldfastProperties.Client settings,
      DefaultGrpcChannelFactory<?> others) {
    super(customizers, interceptors);
    channelTargets = targets;
    this.registries = registries;
    none = new Registries(registries.context(), List.of());
    this.settings = settings;
    this.others = others;
    setVirtualTargets(targets::targetOf);
  }

  @Override
  public ManagedChannel createChannel(String target, ChannelBuilderOptions options) {
    String resolved = channelTargets.targetOf(target);
    boolean isOwn =
        channelTargets.isOfRegistry(resolved)
            || (!resolved.startsWith(UNIX) && isAskedForEverywhere());
    return isOwn
        ? super.createChannel(target, forEitherBuilder(options))
        : others.createChannel(target, options);
  }

  @Override
  protected HoldfastChannelBuilder newChannelBuilder(
      String target, ChannelCredentials credentials) {
    if (!channelTargets.isOfRegistry(target)) {
      HoldfastChannelBuilder other =
          HoldfastChannelBuilder.forTarget(target, credentials, none).retryIdempotent(false);
      return isSet(PATH) ? other : other.withoutLiveness();
    }
    HoldfastChannelBuilder builder =
        HoldfastChannelBuilder.forTarget(target, credentials, registries);
    if (settings.retryIdempotent() != null) {
      builder.retryIdempotent(settings.retryIdempotent());
    }
    if (settings.slowStart() != null) {
      builder.slowStart(settings.slowStart());
    }
    return builder;
  }

  @Override
  public void destroy() {
    try {
      super.destroy();
    } finally {
      others.destroy();
    }
  }

  /** Whether a setting asks for liveness or resumable streams on whatever channel. */
  private boolean isAskedForEverywhere() {
    return isSet(PATH) || isSet(STREAMS);
  }

  private boolean isSet(String variable) {
    String value = registries.context().environment().getOrDefault(variable, OFF);
    return !value.isBlank() && !value.equalsIgnoreCase(OFF);
  }

  /** The customizer of one channel, which may be typed on another builder, as the beans are. */
  private static ChannelBuilderOptions forEitherBuilder(ChannelBuilderOptions options) {
    GrpcChannelBuilderCustomizer<HoldfastChannelBuilder> given = options.customizer();
    GrpcChannelBuilderCustomizer<HoldfastChannelBuilder> either =
        (name, builder) -> EitherBuilder.customize(given, name, builder);
    return ChannelBuilderOptions.defaults()
        .withInterceptors(options.interceptors())
        .withInterceptorsMerge(options.mergeWithGlobalInterceptors())
        .withShutdownGracePeriod(options.shutdownGracePeriod())
        .withCustomizer(either);
  }
}
