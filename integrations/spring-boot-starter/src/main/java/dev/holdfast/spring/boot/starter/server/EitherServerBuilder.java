package dev.holdfast.spring.boot.starter.server;

import dev.holdfast.grpc.HoldfastServerBuilder;
import io.grpc.ServerBuilder;
import io.grpc.netty.NettyServerBuilder;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.util.LambdaSafe;
import org.springframework.core.ResolvableType;
import org.springframework.grpc.server.ServerBuilderCustomizer;

/**
 * Applies customizers of servers to the builder that they are typed on: Holdfast's, any builder's,
 * or the {@link NettyServerBuilder} within Holdfast's. A customizer typed on another transport is
 * left out, as Spring Boot does.
 */
final class EitherServerBuilder {
  private static final Logger log = LoggerFactory.getLogger(EitherServerBuilder.class);

  private EitherServerBuilder() {}

  /** Applies a customizer to the builder of a server. */
  static void customize(ServerBuilderCustomizer<?> customizer, HoldfastServerBuilder builder) {
    Class<?> type =
        ResolvableType.forClass(ServerBuilderCustomizer.class, customizer.getClass())
            .getGeneric()
            .resolve(Object.class);
    AtomicBoolean applied = new AtomicBoolean();
    if (type != NettyServerBuilder.class) {
      applied.set(apply(customizer, builder));
    }
    // A lambda only says by trying on which builder it is typed: its type resolves to the bound of
    // the variable.
    if (!applied.get()
        && (type == NettyServerBuilder.class || type.isAssignableFrom(ServerBuilder.class))) {
      builder.configureNetty(netty -> applied.set(apply(customizer, netty)));
    }
    if (!applied.get()) {
      log.debug("event=customizer_left_out type={}", customizer.getClass().getName());
    }
  }

  @SuppressWarnings("unchecked")
  private static boolean apply(ServerBuilderCustomizer<?> customizer, ServerBuilder<?> builder) {
    AtomicBoolean applied = new AtomicBoolean();
    LambdaSafe.callback(ServerBuilderCustomizer.class, customizer, builder)
        .withLogger(EitherServerBuilder.class)
        .invoke(
            own -> {
              own.customize(builder);
              applied.set(true);
            });
    return applied.get();
  }
}
