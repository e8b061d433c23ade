package dev.holdfast.inprocess;

import dev.holdfast.hooks.WrappedServer;
import io.grpc.Server;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A server that was built, and all that its calls meet. Its builder's interceptors are nowhere
 * public, and one of them may be the one that refuses strangers: they are read from the server
 * itself, and a server from which they can't be read is refused, never served without them.
 */
final class BuiltServer {
  private static final String INTERCEPTORS = "interceptors";

  private BuiltServer() {}

  /**
   * The services, within the interceptors of the server.
   *
   * @throws IllegalArgumentException when it can't be said what the interceptors are
   */
  static List<ServerServiceDefinition> services(Server server) {
    Server built = server;
    while (built instanceof WrappedServer wrapped) {
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
