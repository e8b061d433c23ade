package dev.holdfast.gateway.limits;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The meters of resumable streams. Thread-safe. Its gauges live as long as the gateway's registry.
 */
public final class ResumeMeters {
  private final MeterRegistry registry;
  private final Map<String, Counter> readers = new ConcurrentHashMap<>();
  private final Map<String, Counter> ends = new ConcurrentHashMap<>();
  private final Map<String, Counter> upstream = new ConcurrentHashMap<>();
  private final AtomicLong sessions = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();

  ResumeMeters(MeterRegistry registry) {
    this.registry = registry;
    var unusedSessions = GatewayMeter.RESUME_SESSIONS.gauge(registry, sessions::get);
    var unusedBytes = GatewayMeter.RESUME_BYTES.gauge(registry, bytes::get);
  }

  /** Counts a stream that begins with its first reader. */
  public void opened() {
    sessions.incrementAndGet();
    reader("opened");
  }

  /** Counts what became of a reader. */
  public void reader(String result) {
    readers
        .computeIfAbsent(result, each -> GatewayMeter.RESUME_READERS.counter(registry, each))
        .increment();
  }

  /** Counts the end of a stream. */
  public void ended(String reason) {
    sessions.decrementAndGet();
    ends.computeIfAbsent(reason, each -> GatewayMeter.RESUME_ENDED.counter(registry, each))
        .increment();
  }

  /** Counts what became of the session of a stream with its service. */
  public void upstream(String event) {
    upstream
        .computeIfAbsent(event, each -> GatewayMeter.RESUME_UPSTREAM.counter(registry, each))
        .increment();
  }

  /** Counts bytes that are kept from now on, or fewer. */
  public void addBytes(long more) {
    bytes.addAndGet(more);
  }
}
