package dev.holdfast.inprocess;

import dev.holdfast.hooks.ServerWrapper;
import io.grpc.Server;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The services of a built server with its interceptors. The builder's interceptors are not public,
 * and one of them may enforce authentication. So they are read from the server itself. A server
 * from which they can't be read is refused, never served without them.
 */
final class InterceptedServices {
  private static final String INTERCEPTORS = "interceptors";

  private InterceptedServices() {}

  /**
   * The services of a server, wrapped in its interceptors.
   *
   * @throws IllegalArgumentException when the interceptors can't be determined
   */
  static List<ServerServiceDefinition> services(Server server) {
    Server built = server;
    while (built instanceof ServerWrapper wrapped) {
      built = wrapped.wrapped();
    }
    List<ServerInterceptor> interceptors = List.of(interceptors(built));
    return built.getServices().stream()
        .map(service -> ServerInterceptors.intercept(service, interceptors))
        .toList();
  }

  private static ServerInterceptor[] interceptors(Server server) {
    try {
      Field field = server.getClass().getDeclaredField(INTERCEPTORS);
      field.setAccessible(true);
      if (field.get(server) instanceof ServerInterceptor[] interceptors) {
        return interceptors;
      }
    } catch (NoSuchFieldException | IllegalAccessException | InaccessibleObjectException e) {
      throw unknown(server, e);
    }
    throw unknown(server, null);
  }

  private static IllegalArgumentException unknown(Server server, @Nullable Exception cause) {
    return new IllegalArgumentException(
        "server: the interceptors of a "
            + server.getClass().getName()
            + " are not known (expected: a server of grpc-java's own builders, or its services"
            + " with their interceptors)",
        cause);
  }
}
