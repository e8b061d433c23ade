package dev.holdfast.core.discovery;

import dev.holdfast.core.Clock;
import dev.holdfast.core.ForwardingRegistry;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Passes everything on and tells an observer what a registry said, before its listener hears it.
 */
class SpyRegistry extends ForwardingRegistry {

  /** Hears everything. */
  interface Observer {
    void onSnapshot(RegistrySnapshot snapshot);

    void onConfirmed();

    void onFailure();

    /** After the listener has acted on a snapshot. */
    void afterSnapshot(RegistrySnapshot snapshot);

    void onReadBegun();

    void onReadEnded(long beganNanos, @Nullable RegistrySnapshot answer);
  }

  private final Clock clock;
  private final Observer observer;

  SpyRegistry(Registry real, Clock clock, Observer observer) {
    super(real);
    this.clock = clock;
    this.observer = observer;
  }

  @Override
  public Subscription watch(ServiceName service, WatchListener listener) {
    return super.watch(
        service,
        new WatchListener() {
          @Override
          public void onSnapshot(RegistrySnapshot snapshot) {
            observer.onSnapshot(snapshot);
            listener.onSnapshot(snapshot);
            observer.afterSnapshot(snapshot);
          }

          @Override
          public void onConfirmed() {
            observer.onConfirmed();
            listener.onConfirmed();
          }

          @Override
          public void onFailure(RegistryException cause) {
            observer.onFailure();
            listener.onFailure(cause);
          }
        });
  }

  @Override
  public CompletionStage<RegistrySnapshot> read(ServiceName service) {
    long beganNanos = clock.nanoTime();
    observer.onReadBegun();
    return super.read(service)
        .whenComplete((answer, failure) -> observer.onReadEnded(beganNanos, answer));
  }
}
