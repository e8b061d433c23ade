package dev.holdfast.control;

import dev.holdfast.core.Clock;
import dev.holdfast.core.Subscription;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** The streams of clients that are open, at most as many as there may be. Thread-safe. */
final class DiscoveryStreams implements AutoCloseable {
  private final MeterRegistry meters;
  private final Clock clock;
  private final Set<DiscoveryCall<?>> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger taken = new AtomicInteger();
  private final AtomicLong numbers = new AtomicLong();
  private final List<Subscription> gauges = new ArrayList<>();
  private volatile boolean draining;

  DiscoveryStreams(MeterRegistry meters, Clock clock) {
    this.meters = meters;
    this.clock = clock;
    for (XdsVariant xdsVariant : XdsVariant.values()) {
      gauges.add(
          ControlMeter.STREAMS.gauge(
              meters,
              () -> open.stream().filter(c -> c.xdsVariant() == xdsVariant).count(),
              xdsVariant.text()));
    }
  }

  /** Takes a place for one more stream, if there is one. */
  boolean enter() {
    if (draining) {
      return false;
    }
    if (taken.incrementAndGet() > ControlOptions.MAX_STREAMS) {
      taken.decrementAndGet();
      ControlMeter.STREAMS_REFUSED.counter(meters, "streams").increment();
      return false;
    }
    return true;
  }

  /** A stream that has its place begins. */
  void add(DiscoveryCall<?> call) {
    open.add(call);
    if (draining) {
      call.drain();
    }
  }

  void remove(DiscoveryCall<?> call) {
    if (open.remove(call)) {
      taken.decrementAndGet();
    }
  }

  long nextNumber() {
    return numbers.incrementAndGet();
  }

  boolean isDraining() {
    return draining;
  }

  /** No stream begins any more, and those that are open are asked to go elsewhere. */
  void drain() {
    draining = true;
    open.forEach(DiscoveryCall::drain);
  }

  /** All that are open, the oldest first. */
  List<DiscoveryCall<?>> list() {
    List<DiscoveryCall<?>> list = new ArrayList<>(open);
    list.sort(Comparator.comparingLong(DiscoveryCall::number));
    return list;
  }

  int size() {
    return open.size();
  }

  MeterRegistry meters() {
    return meters;
  }

  Clock clock() {
    return clock;
  }

  @Override
  public void close() {
    gauges.forEach(Subscription::close);
  }
}
