package dev.holdfast.gateway.schema;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.frontend.json.JsonMapping;
import dev.holdfast.gateway.limits.GatewayMeter;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The descriptor sets of clusters, reloaded when their files change. An invalid set is rejected,
 * and the last valid one stays in effect. Thread-safe. A thread of its own polls the files while
 * there are any.
 */
final class DescriptorSets implements AutoCloseable {
  @Limit(of = "pause between two checks of descriptor sets", then = "they are looked at again")
  static final Duration CHECK_INTERVAL = Duration.ofMillis(200);

  private static final Logger log = LoggerFactory.getLogger(DescriptorSets.class);

  private final MeterRegistry meters;
  private final Runnable changed;
  private volatile Map<String, WatchedDescriptorSet> sets = Map.of();
  private volatile JsonMapping terms = JsonMapping.DEFAULT;
  private @Nullable ScheduledExecutorService looks;

  /**
   * Descriptor sets without any cluster yet.
   *
   * @param changed runs after each change, on the polling thread
   */
  DescriptorSets(MeterRegistry meters, Runnable changed) {
    this.meters = meters;
    this.changed = changed;
  }

  /** The schema in a cluster's descriptor sets; empty when the cluster has none. */
  Optional<ServiceSchema> of(String cluster) {
    WatchedDescriptorSet set = sets.get(cluster);
    return set == null ? Optional.empty() : Optional.of(set.schema());
  }

  Map<String, WatchedDescriptorSet> current() {
    return sets;
  }

  /**
   * Reads new descriptor sets and keeps unchanged ones. They take effect when they are passed to
   * {@link #use}.
   *
   * @throws IllegalArgumentException when files make no valid schema
   */
  Map<String, WatchedDescriptorSet> prepared(Map<String, List<Path>> files, JsonMapping next) {
    Map<String, WatchedDescriptorSet> before = sets;
    Map<String, WatchedDescriptorSet> wanted = new HashMap<>();
    files.forEach(
        (cluster, paths) -> {
          WatchedDescriptorSet known = before.get(cluster);
          boolean same = known != null && known.files().equals(paths);
          wanted.put(cluster, same ? known : new WatchedDescriptorSet(cluster, paths, next));
        });
    return wanted;
  }

  synchronized void use(Map<String, WatchedDescriptorSet> next, JsonMapping nextTerms) {
    terms = nextTerms;
    next.values().forEach(set -> set.renew(nextTerms));
    sets = Map.copyOf(next);
    if (next.isEmpty()) {
      stop();
    } else if (looks == null) {
      looks =
          new ScheduledThreadPoolExecutor(1, new DefaultThreadFactory("holdfast-schemas", true));
      long nanos = CHECK_INTERVAL.toNanos();
      var unused = looks.scheduleWithFixedDelay(this::look, nanos, nanos, TimeUnit.NANOSECONDS);
    }
  }

  private void look() {
    sets.values().forEach(this::look);
  }

  private void look(WatchedDescriptorSet set) {
    try {
      switch (set.look(() -> terms)) {
        case USED -> {
          GatewayMeter.SCHEMA_FILES.counter(meters, "used").increment();
          changed.run();
        }
        case REFUSED -> GatewayMeter.SCHEMA_FILES.counter(meters, "refused").increment();
        case SAME -> {
          // As nearly always.
        }
      }
    } catch (RuntimeException e) {
      // One set must not end the checks of all others.
      log.error("event=schema_poll_failed", e);
    }
  }

  private synchronized void stop() {
    if (looks != null) {
      looks.shutdownNow();
      looks = null;
    }
  }

  @Override
  public void close() {
    stop();
  }
}
