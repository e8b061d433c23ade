package dev.holdfast.hooks;

import dev.holdfast.core.Subscription;
import io.grpc.CallOptions;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A channel that Holdfast built, as the streams on it know it: what an interceptor can't see of its
 * channel. Thread-safe.
 *
 * <p>It is in the options of every call of the channel that is a stream.
 */
public interface HostChannel {
  /** Where a call has it; null on other channels. */
  CallOptions.Key<@Nullable HostChannel> KEY = CallOptions.Key.create("holdfast-host-channel");

  /** What keeps a quiet stream on the channel's path; empty where that needs nothing. */
  Optional<Heartbeat> heartbeat();

  /**
   * The most bytes of a message to the client, as said to the builder or by gRPC's default; empty
   * when it is not known.
   */
  OptionalInt maxInboundMessageBytes();

  /** Whether it begins no more calls. */
  boolean isShutdown();

  /**
   * Runs something once when the channel is told to end its calls, before they end; at once when it
   * was.
   *
   * @param action must not block
   */
  Subscription onShutdownNow(Runnable action);

  /** Whether calls can be sent to one instance: the registry lists it, and the policy connects. */
  boolean knows(String address);

  /**
   * Options of a call that is for one instance, while that can be reached; else the policy chooses.
   *
   * @param address as host:port, one that {@link #knows}
   */
  CallOptions toInstance(CallOptions options, String address);

  /** Options of a call whose connection is watched, where the channel watches connections. */
  CallOptions watched(CallOptions options, ConnectionWatch watch);
}
