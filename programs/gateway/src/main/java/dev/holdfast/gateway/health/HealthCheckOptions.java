package dev.holdfast.gateway.health;

import dev.holdfast.core.annotation.Limit;
import java.time.Duration;

/**
 * The options of a cluster's active health checks.
 *
 * @param service whose health counts; "" (default) for that of the whole server
 * @param method the first one tried; WATCH by default, which falls back to CHECK if the server does
 *     not implement it
 * @param interval from one answer or failure to the next check, with a jitter of a tenth either
 *     way; 100 ms to {@link #LONGEST_INTERVAL}, default 5 s
 * @param timeout for the connection and the first answer; 10 ms to 1 min, default 1 s
 * @param thresholds consecutive results that change the health
 */
public record HealthCheckOptions(
    String service,
    HealthMethod method,
    Duration interval,
    Duration timeout,
    Thresholds thresholds) {
  /** The longest time between two checks. */
  @Limit(of = "time between two health checks of an endpoint", then = "it is checked")
  public static final Duration LONGEST_INTERVAL = Duration.ofMinutes(10);

  /** The default options: WATCH for the whole server every 5 s, with a time-out of 1 s. */
  public static final HealthCheckOptions DEFAULT =
      new HealthCheckOptions(
          "", HealthMethod.WATCH, Duration.ofSeconds(5), Duration.ofSeconds(1), Thresholds.DEFAULT);

  public HealthCheckOptions {
    require("interval", interval, Duration.ofMillis(100), LONGEST_INTERVAL);
    require("timeout", timeout, Duration.ofMillis(10), Duration.ofMinutes(1));
  }

  /**
   * The numbers of consecutive results that change the health of an endpoint.
   *
   * @param unhealthy failures after which an endpoint gets no calls; 1 to 100, default 3. A status
   *     that the server itself reports counts at once
   * @param healthy answers of SERVING, an interval apart, after which it gets calls again; 1 to
   *     100, default 1
   */
  public record Thresholds(int unhealthy, int healthy) {
    /** The highest value of a threshold. */
    public static final int MOST = 100;

    /** The default thresholds: 3 failures, 1 success. */
    public static final Thresholds DEFAULT = new Thresholds(3, 1);

    public Thresholds {
      require("unhealthy", unhealthy);
      require("healthy", healthy);
    }

    private static void require(String name, int value) {
      if (value < 1 || value > MOST) {
        throw new IllegalArgumentException(name + ": " + value + " (expected: 1 to " + MOST + ")");
      }
    }
  }

  public HealthCheckOptions withService(String value) {
    return new HealthCheckOptions(value, method, interval, timeout, thresholds);
  }

  public HealthCheckOptions withMethod(HealthMethod value) {
    return new HealthCheckOptions(service, value, interval, timeout, thresholds);
  }

  public HealthCheckOptions withInterval(Duration value) {
    return new HealthCheckOptions(service, method, value, timeout, thresholds);
  }

  public HealthCheckOptions withTimeout(Duration value) {
    return new HealthCheckOptions(service, method, interval, value, thresholds);
  }

  public HealthCheckOptions withThresholds(Thresholds value) {
    return new HealthCheckOptions(service, method, interval, timeout, value);
  }

  private static void require(String name, Duration value, Duration least, Duration most) {
    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: " + least + " to " + most + ")");
    }
  }
}
