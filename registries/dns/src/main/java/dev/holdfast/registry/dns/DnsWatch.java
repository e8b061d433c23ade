package dev.holdfast.registry.dns;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.Registry.WatchListener;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryMeter;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The watch of one service, which resolves the name again whenever its TTL is over. Runs on the
 * scheduler.
 */
final class DnsWatch implements Subscription {
  private static final Logger log = LoggerFactory.getLogger(DnsWatch.class);

  /**
   * The timing of the next query.
   *
   * @param refresh the interval after an answer
   * @param backoff the interval after a failure
   */
  record RefreshTiming(RefreshPolicy refresh, Backoff backoff) {}

  private final String scheme;
  private final ServiceName service;
  private final Supplier<CompletableFuture<ResolvedEndpoints>> resolve;
  private final RefreshTiming refreshTiming;
  private final RegistryContext context;
  private final WatchListener listener;
  private @Nullable RegistrySnapshot last;
  private @Nullable Subscription timer;
  private boolean failing;
  private boolean closed;

  DnsWatch(
      String scheme,
      ServiceName service,
      Supplier<CompletableFuture<ResolvedEndpoints>> resolve,
      RefreshTiming refreshTiming,
      RegistryContext context,
      WatchListener listener) {
    this.scheme = scheme;
    this.service = service;
    this.resolve = resolve;
    this.refreshTiming = refreshTiming;
    this.context = context;
    this.listener = listener;
  }

  /** Asks for the first time. */
  void begin() {
    askNow();
  }

  @Override
  public void close() {
    closed = true;
    if (timer != null) {
      timer.close();
    }
  }

  private void askNow() {
    // Heard on the scheduler already; handed in again because a future would swallow what a
    // listener throws.
    Scheduler scheduler = context.scheduler();
    var unused =
        resolve
            .get()
            .whenComplete(
                (resolvedEndpoints, failure) ->
                    scheduler.execute(
                        () -> {
                          if (closed) {
                            return;
                          }
                          if (failure == null) {
                            onResolved(resolvedEndpoints);
                          } else {
                            onFailure(DnsHostResolver.typed(failure));
                          }
                        }));
  }

  private void onResolved(ResolvedEndpoints resolvedEndpoints) {
    refreshTiming.backoff().reset();
    askAfter(refreshTiming.refresh().next(resolvedEndpoints.ttl()));
    RegistrySnapshot snapshot =
        new RegistrySnapshot(EndpointSet.of(resolvedEndpoints.endpoints()), 0);
    if (!failing && snapshot.equals(last)) {
      listener.onConfirmed();
      return;
    }
    if (failing) {
      RegistryMeter.WATCH_RESTARTS.counter(context.meters(), scheme).increment();
    }
    if (snapshot.endpoints().isEmpty()) {
      log.info("event=name_without_addresses name={}", service);
    }
    failing = false;
    last = snapshot;
    listener.onSnapshot(snapshot);
  }

  private void onFailure(RegistryException cause) {
    // A target that makes no sense won't make any later.
    if (cause.kind().isRetryable()) {
      askAfter(refreshTiming.backoff().next());
    }
    RegistryMeter.REQUESTS_FAILED
        .counter(context.meters(), scheme, cause.kind().name())
        .increment();
    if (!failing) {
      failing = true;
      listener.onFailure(cause);
    }
  }

  private void askAfter(Duration pause) {
    timer = context.scheduler().schedule(pause, this::askNow);
  }
}
