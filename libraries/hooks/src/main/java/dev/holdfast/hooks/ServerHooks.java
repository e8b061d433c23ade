package dev.holdfast.hooks;

import dev.holdfast.core.DrainSignal;
import io.grpc.Context;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The view of a Holdfast server for the streams on it. Thread-safe.
 *
 * <p>The server puts it into the Context of each call, under {@link #KEY}.
 */
public interface ServerHooks {
  /** The Context key that carries the host server; null on servers that Holdfast did not build. */
  Context.Key<@Nullable ServerHooks> KEY = Context.key("holdfast-host-server");

  /**
   * The Context key of the signal that the server, or the connection of the call, is about to end.
   */
  Context.Key<DrainSignal> DRAIN = Context.key("holdfast-drain");

  /**
   * The heartbeat that keeps idle streams open on the path to the clients; empty where the path
   * needs none.
   */
  Optional<Heartbeat> heartbeat();

  /** The signal that the server is about to stop. */
  DrainSignal drain();

  /** The address that reaches this server and no other, as host:port; "" when it is not known. */
  String address();

  /** The instances of the service that the server registers; empty when it registers none. */
  default Optional<ServiceInstances> instances() {
    return Optional.empty();
  }
}
