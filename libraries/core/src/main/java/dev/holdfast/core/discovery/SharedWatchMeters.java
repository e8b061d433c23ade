package dev.holdfast.core.discovery;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointListState;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryMeter;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** The meters of one followed service; its gauges stand while it is followed. */
final class SharedWatchMeters {
  private final MeterRegistry meters;
  private final String registry;
  private final String service;
  private final Counter changes;
  private final List<Subscription> gauges = new ArrayList<>();

  SharedWatchMeters(MeterRegistry meters, Registry registry, ServiceName service) {
    this.meters = meters;
    this.registry = registry.describe();
    this.service = service.toString();
    this.changes = RegistryMeter.ENDPOINTS_CHANGES.counter(meters, this.registry, this.service);
  }

  void open(SharedServiceWatch follower) {
    count(follower, "eligible", Endpoint::isEligible);
    count(follower, "unready", e -> !e.ready() && !e.draining());
    count(follower, "draining", Endpoint::draining);
    gauges.add(
        RegistryMeter.ENDPOINTS_AGE.gauge(
            meters,
            () -> follower.age().map(age -> age.toNanos() / 1e9).orElse(Double.NaN),
            registry,
            service));
    gauges.add(
        RegistryMeter.ENDPOINTS_STATE.gauge(
            meters, () -> follower.state().code(), registry, service));
  }

  void close() {
    gauges.forEach(Subscription::close);
    gauges.clear();
  }

  void changed() {
    changes.increment();
  }

  void moved(EndpointListState state) {
    switch (state) {
      case CONFIRMING, EMPTYING, WIPED ->
          RegistryMeter.ENDPOINTS_HELD.counter(meters, registry, service, state.name()).increment();
      case UNKNOWN, FOLLOWING, STALE -> {}
    }
  }

  void read(boolean ok) {
    RegistryMeter.ENDPOINTS_READS
        .counter(meters, registry, service, ok ? "ok" : "failed")
        .increment();
  }

  void watchFailed(RegistryException cause) {
    RegistryMeter.WATCH_FAILURES.counter(meters, registry, cause.kind().name()).increment();
  }

  private void count(SharedServiceWatch follower, String state, Predicate<Endpoint> counted) {
    gauges.add(
        RegistryMeter.ENDPOINTS.gauge(
            meters,
            () ->
                follower
                    .current()
                    .map(list -> list.endpoints().stream().filter(counted).count())
                    .orElse(0L),
            registry,
            service,
            state));
  }
}
