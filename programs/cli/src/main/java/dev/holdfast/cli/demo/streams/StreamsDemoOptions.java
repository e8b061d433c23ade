package dev.holdfast.cli.demo.streams;

import dev.holdfast.cli.demo.calls.DemoOptions;
import java.time.Duration;

/**
 * The options of a run of {@code demo streams}.
 *
 * @param time for how long devices send, at least
 * @param devices number of each kind; 10 to 5,000
 * @param seed of the fault schedule
 * @param redis {@code start}, or the URI of a running Redis
 */
public record StreamsDemoOptions(Duration time, int devices, long seed, String redis) {
  /** Three servers are replaced and one is killed meanwhile. */
  private static final int LEAST_SECONDS = 10;

  public StreamsDemoOptions {
    DemoOptions.require("seconds", time.toSeconds(), LEAST_SECONDS, DemoOptions.MOST_SECONDS, "");
    DemoOptions.require("devices", devices, 10, 5_000, "");
  }
}
