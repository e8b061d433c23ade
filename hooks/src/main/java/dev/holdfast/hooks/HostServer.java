package dev.holdfast.hooks;

import dev.holdfast.core.DrainSignal;
import io.grpc.Context;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A server that Holdfast built, as the streams on it know it. Thread-safe.
 *
 * <p>It is in the Context in which a call begins.
 */
public interface HostServer {
  /** Where a call has it; null on other servers. */
  Context.Key<@Nullable HostServer> KEY = Context.key("holdfast-host-server");

  /** Tells that the server, or the connection of the call, is about to end. */
  Context.Key<DrainSignal> DRAIN = Context.key("holdfast-drain");

  /** What keeps a quiet stream on the path to the clients; empty where that needs nothing. */
  Optional<Heartbeat> heartbeat();

  /** Tells that the server is about to stop. */
  DrainSignal drain();

  /** Where clients reach this server and no other, as host:port; "" when nobody said. */
  String address();
}
