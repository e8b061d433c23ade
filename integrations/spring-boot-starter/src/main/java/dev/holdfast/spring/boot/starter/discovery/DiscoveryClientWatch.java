package dev.holdfast.spring.boot.starter.discovery;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.Registry.WatchListener;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The watch of one service, which asks again after each interval and after each heartbeat event of
 * Spring Cloud. At most one request is under way. Runs on the scheduler.
 */
final class DiscoveryClientWatch implements Subscription {
  private final Supplier<CompletionStage<EndpointSet>> read;
  private final Duration poll;
  private final Backoff backoff;
  private final Scheduler scheduler;
  private final WatchListener listener;
  private @Nullable EndpointSet last;
  private @Nullable Subscription timer;
  private boolean reading;
  private boolean readAgain;
  private boolean failing;
  private boolean closed;

  DiscoveryClientWatch(
      Supplier<CompletionStage<EndpointSet>> read,
      Duration poll,
      Backoff backoff,
      Scheduler scheduler,
      WatchListener listener) {
    this.read = read;
    this.poll = poll;
    this.backoff = backoff;
    this.scheduler = scheduler;
    this.listener = listener;
  }

  /** Asks now; after the request under way, if there is one. */
  void readNow() {
    if (closed) {
      return;
    }
    if (reading) {
      readAgain = true;
      return;
    }
    if (timer != null) {
      timer.close();
      timer = null;
    }
    reading = true;
    readAgain = false;
    // Handed in again, because a future would swallow what a listener throws.
    var unused =
        read.get()
            .whenComplete(
                (endpoints, failure) -> scheduler.execute(() -> onRead(endpoints, failure)));
  }

  @Override
  public void close() {
    closed = true;
    if (timer != null) {
      timer.close();
    }
  }

  private void onRead(@Nullable EndpointSet endpoints, @Nullable Throwable failure) {
    reading = false;
    if (closed) {
      return;
    }
    if (endpoints != null) {
      backoff.reset();
      readAfter(poll);
      onEndpoints(endpoints);
    } else {
      readAfter(backoff.next());
      if (!failing) {
        failing = true;
        listener.onFailure(DiscoveryClientRegistry.typed(failure));
      }
    }
  }

  private void onEndpoints(EndpointSet endpoints) {
    if (!failing && endpoints.equals(last)) {
      listener.onConfirmed();
      return;
    }
    failing = false;
    last = endpoints;
    listener.onSnapshot(new RegistrySnapshot(endpoints, 0));
  }

  private void readAfter(Duration pause) {
    timer = scheduler.schedule(readAgain ? Duration.ZERO : pause, this::readNow);
  }
}
