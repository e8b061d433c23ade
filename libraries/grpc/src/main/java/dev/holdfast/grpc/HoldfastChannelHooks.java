package dev.holdfast.grpc;

import dev.holdfast.core.OffloadExecutor;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.SystemScheduler;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.grpc.internal.pairing.InstanceIndex;
import dev.holdfast.grpc.internal.pairing.StreamPickOptions;
import dev.holdfast.hooks.CallConnectionListener;
import dev.holdfast.hooks.ChannelHooks;
import dev.holdfast.hooks.Heartbeat;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/**
 * The view of a Holdfast channel for the streams on it, and the outermost of its interceptors.
 * Unary calls pass unchanged.
 */
final class HoldfastChannelHooks implements ChannelHooks, ClientInterceptor {
  @Limit(
      of = "time between shutdownNow of a channel with resumable streams and the end of its calls",
      then = "what the streams have not said by then is not said")
  private static final Duration FAREWELL = Duration.ofMillis(100);

  private final Optional<Heartbeat> heartbeat;
  private final InstanceIndex instances;
  private final OptionalInt maxInboundMessageBytes;
  private final List<Listener> listeners = new ArrayList<>();
  private volatile boolean shutdown;
  private boolean ended;

  HoldfastChannelHooks(
      Optional<LivenessOptions> liveness,
      OptionalInt maxInboundMessageBytes,
      InstanceIndex instances) {
    this.instances = instances;
    this.heartbeat = liveness.flatMap(HoldfastChannelHooks::heartbeatOf);
    this.maxInboundMessageBytes = maxInboundMessageBytes;
  }

  /**
   * The heartbeat that the path needs: where a hop answers PINGs itself, only data within a stream
   * keeps the stream.
   */
  static Optional<Heartbeat> heartbeatOf(LivenessOptions options) {
    return options.pingsEndAtHop()
        ? Optional.of(
            new Heartbeat(options.idle(), options.idle().plus(options.spacing()), options.window()))
        : Optional.empty();
  }

  /** The channel, which tells here when it is shut down. */
  ManagedChannel host(ManagedChannel built) {
    return new Hosted(built);
  }

  @Override
  public <Q, A> ClientCall<Q, A> interceptCall(
      MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
    return next.newCall(
        method, method.getType() == MethodType.UNARY ? options : options.withOption(KEY, this));
  }

  @Override
  public Optional<Heartbeat> heartbeat() {
    return heartbeat;
  }

  @Override
  public OptionalInt maxInboundMessageBytes() {
    return maxInboundMessageBytes;
  }

  @Override
  public boolean isShutdown() {
    return shutdown;
  }

  @Override
  public Subscription onShutdownNow(Runnable action) {
    Listener listener = new Listener(action);
    synchronized (listeners) {
      if (!ended) {
        listeners.add(listener);
        return () -> remove(listener);
      }
    }
    action.run();
    return () -> {};
  }

  @Override
  public boolean hasInstance(String address) {
    return instances.has(address);
  }

  @Override
  public Optional<String> instanceFor(String leaving, boolean refused) {
    return instances.lessLoaded(leaving, refused);
  }

  @Override
  public CallOptions withInstance(CallOptions options, String address) {
    return options.withOption(StreamPickOptions.INSTANCE, address);
  }

  @Override
  public CallOptions withConnectionListener(CallOptions options, CallConnectionListener watch) {
    return options.withOption(StreamPickOptions.WATCH, watch);
  }

  private void remove(Listener listener) {
    synchronized (listeners) {
      listeners.remove(listener);
    }
  }

  /** Returns whether there were any. */
  private boolean endStreams() {
    List<Listener> told;
    synchronized (listeners) {
      ended = true;
      told = List.copyOf(listeners);
      listeners.clear();
    }
    told.forEach(listener -> listener.action.run());
    return !told.isEmpty();
  }

  /** An identity of its own. */
  private static final class Listener {
    private final Runnable action;

    Listener(Runnable action) {
      this.action = action;
    }
  }

  private final class Hosted extends ManagedChannel {
    private final ManagedChannel delegate;

    Hosted(ManagedChannel delegate) {
      this.delegate = delegate;
    }

    @Override
    public ManagedChannel shutdown() {
      shutdown = true;
      delegate.shutdown();
      return this;
    }

    @Override
    public ManagedChannel shutdownNow() {
      shutdown = true;
      if (endStreams()) {
        // What they have to say would be thrown away with their calls.
        delegate.shutdown();
        // Listeners of calls with a direct executor hear of it on the thread that says it.
        var unused =
            SystemScheduler.shared()
                .schedule(FAREWELL, () -> OffloadExecutor.shared().execute(delegate::shutdownNow));
      } else {
        delegate.shutdownNow();
      }
      return this;
    }

    @Override
    public <Q, A> ClientCall<Q, A> newCall(MethodDescriptor<Q, A> method, CallOptions options) {
      return delegate.newCall(method, options);
    }

    @Override
    public String authority() {
      return delegate.authority();
    }

    @Override
    public boolean isShutdown() {
      return delegate.isShutdown();
    }

    @Override
    public boolean isTerminated() {
      return delegate.isTerminated();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
      return delegate.awaitTermination(timeout, unit);
    }

    @Override
    public ConnectivityState getState(boolean requestConnection) {
      return delegate.getState(requestConnection);
    }

    @Override
    public void notifyWhenStateChanged(ConnectivityState source, Runnable callback) {
      delegate.notifyWhenStateChanged(source, callback);
    }

    @Override
    public void resetConnectBackoff() {
      delegate.resetConnectBackoff();
    }

    @Override
    public void enterIdle() {
      delegate.enterIdle();
    }

    @Override
    public String toString() {
      return delegate.toString();
    }
  }
}
