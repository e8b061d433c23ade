package dev.holdfast.micronaut;

import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import io.grpc.BindableService;
import io.grpc.ServerBuilder;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServerTransportFilter;
import io.micronaut.context.annotation.Factory;
import io.micronaut.context.annotation.Replaces;
import io.micronaut.context.annotation.Requires;
import io.micronaut.context.event.ApplicationEventListener;
import io.micronaut.core.order.OrderUtil;
import io.micronaut.core.order.Ordered;
import io.micronaut.grpc.server.GrpcEmbeddedServer;
import io.micronaut.grpc.server.GrpcServerBuilder;
import io.micronaut.grpc.server.health.HealthStatusManagerContainer;
import io.micronaut.runtime.server.event.ServerStartupEvent;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The factory of the builder of Micronaut's gRPC server, which then registers itself and drains.
 */
@Factory
@Replaces(factory = GrpcServerBuilder.class)
@Requires(classes = GrpcServerBuilder.class)
final class HoldfastServerFactory {

  /** With all that Micronaut adds to its own builder. */
  @Singleton
  @Replaces(value = ServerBuilder.class, factory = GrpcServerBuilder.class)
  ServerBuilder<?> serverBuilder(
      ServerConfiguration configuration,
      Optional<HealthStatusManagerContainer> health,
      List<BindableService> services,
      List<ServerInterceptor> interceptors,
      List<ServerTransportFilter> filters,
      List<ServerServiceDefinition> definitions) {
    HoldfastServerBuilder builder = configuration.builder();
    health.ifPresent(
        application -> {
          builder.health(application.getHealthStatusManager());
        });
    services.forEach(builder::addService);
    // The last one that is added is the first that meets a call.
    List<ServerInterceptor> lastFirst = new ArrayList<>(interceptors);
    OrderUtil.reverseSort(lastFirst);
    lastFirst.forEach(builder::intercept);
    filters.forEach(builder::addTransportFilter);
    builder.addServices(definitions);
    return builder;
  }

  /** Registers the server when all others who wait for its start, such as caches, are done. */
  @Singleton
  @Requires(classes = GrpcEmbeddedServer.class)
  static final class StartupListener
      implements ApplicationEventListener<ServerStartupEvent>, Ordered {
    @Override
    public int getOrder() {
      return LOWEST_PRECEDENCE;
    }

    @Override
    public void onApplicationEvent(ServerStartupEvent event) {
      if (event.getSource() instanceof GrpcEmbeddedServer started
          && started.getServer() instanceof HoldfastServer server) {
        server.register();
      }
    }
  }
}
