package dev.holdfast.grpc.internal.resolver;

import dev.holdfast.core.EndpointSet;
import io.grpc.SynchronizationContext;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The handover of endpoint lists from the registry's event loop to one channel; only the latest
 * list is delivered.
 *
 * <p>A SynchronizationContext runs its work on the thread that hands it over, and a list may mean
 * hundreds of new connections. On the registry's loop, which serves all channels of the process and
 * its registrations, that would make every other channel wait; so it is done on the channel's own
 * offload executor. Thread-safe.
 */
final class EndpointListDelivery {
  private final Executor offload;
  private final SynchronizationContext context;
  private final Consumer<EndpointSet> receiver;
  private final AtomicReference<@Nullable EndpointSet> latest = new AtomicReference<>();

  /**
   * @param receiver called in the context
   */
  EndpointListDelivery(
      Executor offload, SynchronizationContext context, Consumer<EndpointSet> receiver) {
    this.offload = offload;
    this.context = context;
    this.receiver = receiver;
  }

  /** Hands a list over; one that was handed over before and not taken yet is forgotten. */
  void offer(EndpointSet endpoints) {
    if (latest.getAndSet(endpoints) != null) {
      return;
    }
    try {
      offload.execute(() -> context.execute(this::take));
    } catch (RejectedExecutionException e) {
      // The application has closed its executor before its channel: a slow way is better than none.
      context.execute(this::take);
    }
  }

  private void take() {
    EndpointSet taken = latest.getAndSet(null);
    if (taken != null) {
      receiver.accept(taken);
    }
  }
}
