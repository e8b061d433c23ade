package dev.holdfast.hooks;

import dev.holdfast.core.Subscription;
import io.grpc.CallOptions;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The view of a Holdfast channel for the streams on it: state that an interceptor cannot see
 * through {@link io.grpc.Channel}. Thread-safe.
 *
 * <p>The channel puts it into the call options of every streaming call, under {@link #KEY}.
 */
public interface ChannelHooks {
  /**
   * The call option that carries the host channel; null on channels that Holdfast did not build.
   */
  CallOptions.Key<@Nullable ChannelHooks> KEY = CallOptions.Key.create("holdfast-host-channel");

  /**
   * The heartbeat that keeps idle streams open on the channel's path; empty where the path needs
   * none.
   */
  Optional<Heartbeat> heartbeat();

  /**
   * The largest message to the client, in bytes: the value given to the builder, or gRPC's default.
   * Empty when it is not known.
   */
  OptionalInt maxInboundMessageBytes();

  /** Whether the channel starts no more calls. */
  boolean isShutdown();

  /**
   * Runs something once when the channel is told to end its calls, before they end; at once when it
   * was.
   *
   * @param action must not block
   */
  Subscription onShutdownNow(Runnable action);

  /** Whether calls can be sent to one instance: the registry lists it, and the policy connects. */
  boolean hasInstance(String address);

  /**
   * Options of a call that is for one instance, while that can be reached; else the policy chooses.
   *
   * @param address as host:port, one that {@link #hasInstance}
   */
  CallOptions withInstance(CallOptions options, String address);

  /** Options of a call whose connection is watched, where the channel watches connections. */
  CallOptions withConnectionListener(CallOptions options, CallConnectionListener watch);

  /**
   * The instance to which a stream should move from the one it has: one that has fewer streams, by
   * the loads that instances publish; the fewer an instance has, the likelier it is chosen.
   *
   * @param leaving the present instance, as host:port
   * @param refused whether that instance has refused to keep the stream, so that any other is
   *     better
   * @return as host:port, connected; empty to leave the choice to the policy
   */
  default Optional<String> instanceFor(String leaving, boolean refused) {
    return Optional.empty();
  }
}
