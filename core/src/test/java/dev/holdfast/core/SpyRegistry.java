package dev.holdfast.core;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Passes everything on and tells an observer what a registry said, before its listener hears it.
 */
class SpyRegistry implements Registry {

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

  private final Registry real;
  private final Clock clock;
  private final Observer observer;

  SpyRegistry(Registry real, Clock clock, Observer observer) {
    this.real = real;
    this.clock = clock;
    this.observer = observer;
  }

  @Override
  public String describe() {
    return real.describe();
  }

  @Override
  public Set<Capability> capabilities() {
    return real.capabilities();
  }

  @Override
  public Subscription watch(ServiceName service, WatchListener listener) {
    return real.watch(
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
    return real.read(service)
        .whenComplete((answer, failure) -> observer.onReadEnded(beganNanos, answer));
  }

  @Override
  public Subscription watchNames(String namespace, NamesListener listener) {
    return real.watchNames(namespace, listener);
  }

  @Override
  public Announcement announce(
      ServiceName service, Endpoint endpoint, AnnouncementListener listener) {
    return real.announce(service, endpoint, listener);
  }

  @Override
  public Duration recordTtl() {
    return real.recordTtl();
  }

  @Override
  public Duration requestTimeout() {
    return real.requestTimeout();
  }

  @Override
  public Optional<InetSocketAddress> peerAddress() {
    return real.peerAddress();
  }

  @Override
  public void close() {
    real.close();
  }
}
