package dev.holdfast.grpc.internal.instances;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.hooks.StreamLoad;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The decision when a changed load is published. Each publication is a write to the registry and an
 * event for every client of the service, so a large fleet publishes less often: all its instances
 * together at most twenty times a second.
 */
@PureCore
public final class StreamLoadSchedule {
  @Limit(
      of = "time between two publications of an instance's number of streams",
      then = "the newest number waits; longer where there are more than 40 instances")
  static final Duration LEAST_INTERVAL = Duration.ofSeconds(2);

  /** The share of this interval that each instance of a large fleet has. */
  private static final Duration PER_INSTANCE = Duration.ofMillis(50);

  /** A change of one in so many is published. */
  private static final long LEAST_SHARE = 100;

  private @Nullable StreamLoad published;
  private long publishedNanos;

  /** Whether the load is to be published now; if so it counts as published. */
  public boolean isDue(long nowNanos, StreamLoad load, int instances) {
    StreamLoad before = published;
    if (before != null) {
      long intervalNanos =
          Math.max(LEAST_INTERVAL.toNanos(), PER_INSTANCE.toNanos() * (long) instances);
      long change = Math.abs(load.streams() - before.streams());
      boolean changed =
          load.overloaded() != before.overloaded()
              || (change > 0 && change * LEAST_SHARE >= before.streams());
      if (!changed || nowNanos - publishedNanos < intervalNanos) {
        return false;
      }
    }
    published = load;
    publishedNanos = nowNanos;
    return true;
  }
}
