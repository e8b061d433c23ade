package dev.holdfast.bench;

import dev.holdfast.core.EndpointDirectory;
import dev.holdfast.core.ServiceName;
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

  /** How long ago the registry last said that the list in use is right; 0 while there is none. */
  double nowSeconds() {
    return directory.age(service).orElse(Duration.ZERO).toNanos() / 1e9;
  }

  double oldestSeconds() {
    return oldestSeconds;
  }

  /** From now on, the first renewal after a moment is kept. */
  void noteRenewalsAfter(long nanos) {
    firstRenewalNanos = Optional.empty();
    since = Optional.of(nanos);
  }

  /** When the list was first renewed after the moment given; 100 ms more or less. */
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
