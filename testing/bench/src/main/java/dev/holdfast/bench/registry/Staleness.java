package dev.holdfast.bench.registry;

import dev.holdfast.core.ServiceName;
import dev.holdfast.core.discovery.EndpointDirectory;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** The sampler of an endpoint list's age, ten times a second. */
final class Staleness implements AutoCloseable {
  private static final int INTERVAL_MILLIS = 100;

  private final EndpointDirectory directory;
  private final ServiceName service;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "bench-staleness");
            thread.setDaemon(true);
            return thread;
          });
  private volatile double oldestSeconds;
  private volatile Optional<Long> since = Optional.empty();
  private volatile Optional<Long> firstRenewalNanos = Optional.empty();

  Staleness(EndpointDirectory directory, ServiceName service) {
    this.directory = directory;
    this.service = service;
  }

  Staleness start() {
    var unused = timer.scheduleAtFixedRate(this::look, 0, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    return this;
  }

  /**
   * The time since the registry last confirmed the list in use, in seconds; 0 while there is no
   * list.
   */
  double nowSeconds() {
    return directory.age(service).orElse(Duration.ZERO).toNanos() / 1e9;
  }

  double oldestSeconds() {
    return oldestSeconds;
  }

  /** Starts the search for the first renewal of the list after a moment. */
  void noteRenewalsAfter(long nanos) {
    firstRenewalNanos = Optional.empty();
    since = Optional.of(nanos);
  }

  /** The first renewal of the list after the given moment, accurate to 100 ms; empty until then. */
  Optional<Long> firstRenewalNanos() {
    return firstRenewalNanos;
  }

  private void look() {
    double ageSeconds = nowSeconds();
    oldestSeconds = Math.max(oldestSeconds, ageSeconds);
    long renewedNanos = System.nanoTime() - (long) (ageSeconds * 1e9);
    if (firstRenewalNanos.isEmpty() && since.isPresent() && renewedNanos - since.get() > 0) {
      firstRenewalNanos = Optional.of(renewedNanos);
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
