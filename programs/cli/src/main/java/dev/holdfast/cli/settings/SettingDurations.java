package dev.holdfast.cli.settings;

import dev.holdfast.core.TunableDuration;
import java.time.Duration;

/** The settings that are durations, each with its bounds and its default. */
public final class SettingDurations {
  public static final TunableDuration PROBE_INTERVAL =
      new TunableDuration(
          "probe-interval",
          Duration.ZERO,
          Duration.ofHours(1),
          Duration.ofSeconds(5),
          "How often a registered program is probed; 0s for never.");
  public static final TunableDuration HEALTH_TIMEOUT =
      new TunableDuration(
          "health-timeout",
          Duration.ofSeconds(2),
          Duration.ofHours(24),
          Duration.ofSeconds(10),
          "How long a program whose port is open may take for its first answer in gRPC.");
  public static final TunableDuration READY_TIMEOUT =
      new TunableDuration(
          "ready-timeout",
          Duration.ZERO,
          Duration.ofHours(24),
          Duration.ofMinutes(1),
          "How long a program may take to open its port; 0s for no limit.");
  public static final TunableDuration REQUEST_TIMEOUT =
      new TunableDuration(
          "request-timeout",
          Duration.ofMillis(100),
          Duration.ofHours(1),
          Duration.ofSeconds(10),
          "How long a process may take to answer a query for its status or its streams.");
  public static final TunableDuration SPREAD =
      new TunableDuration(
          "spread",
          Duration.ZERO,
          Duration.ofMinutes(10),
          Duration.ofSeconds(1),
          "How long clients are given to hear of a leaving instance before it is stopped.");
  public static final TunableDuration STOP_TIMEOUT =
      new TunableDuration(
          "stop-timeout",
          Duration.ZERO,
          Duration.ofHours(24),
          Duration.ofSeconds(30),
          "How long a program may take to stop before it is killed.");

  private SettingDurations() {}
}
