package dev.holdfast.spring.boot.starter.client;

import dev.holdfast.grpc.HoldfastChannelBuilder;
import io.grpc.ManagedChannelBuilder;
import io.grpc.netty.NettyChannelBuilder;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.util.LambdaSafe;
import org.springframework.core.ResolvableType;
import org.springframework.grpc.client.GrpcChannelBuilderCustomizer;

/**
 * Applies customizers of channels to the builder that they are typed on: Holdfast's, any builder's,
 * or the {@link NettyChannelBuilder} within Holdfast's, as applications have it that were written
 * for Spring Boot's channels. A customizer typed on another transport is left out, as Spring Boot
 * does.
 */
final class EitherBuilder {
  private static final Logger log = LoggerFactory.getLogger(EitherBuilder.class);

  private EitherBuilder() {}

  /** Applies a customizer to the builder of a channel. */
  static void customize(
      GrpcChannelBuilderCustomizer<?> customizer, String name, HoldfastChannelBuilder builder) {
    if (isTypedOnNetty(customizer)) {
      builder.configureNetty(netty -> apply(customizer, name, netty));
      return;
    }
    AtomicBoolean applied = new AtomicBoolean(apply(customizer, name, builder));
    if (!applied.get() && isOfUnknownType(customizer)) {
      builder.configureNetty(netty -> applied.set(apply(customizer, name, netty)));
    }
    if (!applied.get()) {
      log.debug(
          "event=customizer_left_out channel={} type={}", name, customizer.getClass().getName());
    }
  }

  /** Whether the customizer took the builder, which a lambda only says by trying. */
  @SuppressWarnings("unchecked")
  static boolean apply(
      GrpcChannelBuilderCustomizer<?> customizer, String name, ManagedChannelBuilder<?> builder) {
    AtomicBoolean applied = new AtomicBoolean();
    LambdaSafe.callback(GrpcChannelBuilderCustomizer.class, customizer, builder)
        .withLogger(EitherBuilder.class)
        .invoke(
            own -> {
              own.customize(name, builder);
              applied.set(true);
            });
    return applied.get();
  }

  private static boolean isTypedOnNetty(GrpcChannelBuilderCustomizer<?> customizer) {
    return typeOf(customizer) == NettyChannelBuilder.class;
  }

  /** Whether only a try tells the type: that of a lambda resolves to the bound of its variable. */
  private static boolean isOfUnknownType(GrpcChannelBuilderCustomizer<?> customizer) {
    return typeOf(customizer).isAssignableFrom(ManagedChannelBuilder.class);
  }

  private static Class<?> typeOf(GrpcChannelBuilderCustomizer<?> customizer) {
    return ResolvableType.forClass(GrpcChannelBuilderCustomizer.class, customizer.getClass())
        .getGeneric()
        .resolve(Object.class);
  }
}
