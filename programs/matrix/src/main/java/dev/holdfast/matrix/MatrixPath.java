package dev.holdfast.matrix;

import dev.holdfast.core.PathProfile;
import dev.holdfast.lab.PathFaults;
import dev.holdfast.lab.PathFaults.CountedTraffic;
import dev.holdfast.lab.PathFaults.IdleAction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A path of the matrix, which is one row of the table.
 *
 * @param name the name of the profile, with the variant where the profile has two
 * @param profile the profile of the path
 * @param faults the faults of the middlebox, at the row's speed
 */
public record MatrixPath(String name, PathProfile profile, PathFaults faults) {
  /**
   * The time without a call after which grpc-java closes a channel's connection by itself (idle
   * mode).
   */
  static final Duration IDLE_MODE = Duration.ofMinutes(30);

  // Slower than this no cell gets: whole seconds of TCP keepalive and the second that Holdfast and
  // a busy machine need at least must stay small beside the timeout.
  private static final Duration SHORTEST_TIMEOUT = Duration.ofSeconds(15);
  private static final double FASTEST = 60;
  private static final Duration LAN_QUIET = Duration.ofMinutes(15);
  // How much longer than the timeout a cell is quiet.
  private static final double QUIET_FACTOR = 1.4;

  /** Every profile, those with two kinds of expiry twice. */
  public static List<MatrixPath> all() {
    List<MatrixPath> all = new ArrayList<>();
    for (PathProfile profile : PathProfile.values()) {
      String name = profile.name().toLowerCase(Locale.ROOT).replace('_', '-');
      all.add(of(name, profile, PathFaults.of(profile)));
      if (profile == PathProfile.SWARM) {
        Duration timeout = profile.idleTimeout().orElseThrow();
        PathFaults reset =
            PathFaults.builder().idle(timeout, IdleAction.RESET, CountedTraffic.SEGMENTS).build();
        all.add(of(name + "-rst", profile, reset));
      }
    }
    return all;
  }

  /** The rows that the kernel's own connection tracking plays: a Swarm that drops, and resets. */
  static List<MatrixPath> kernel() {
    return all().stream().filter(path -> path.profile() == PathProfile.SWARM).toList();
  }

  private static MatrixPath of(String name, PathProfile profile, PathFaults faults) {
    double ratio = (double) timeout(profile).toMillis() / SHORTEST_TIMEOUT.toMillis();
    return new MatrixPath(name, profile, faults.atSpeed(Math.max(1, Math.min(FASTEST, ratio))));
  }

  private static Duration timeout(PathProfile profile) {
    return profile.idleTimeout().orElse(LAN_QUIET);
  }

  /** A time of the real path as it passes here. */
  Duration scaled(Duration time) {
    return Duration.ofNanos((long) (time.toNanos() / faults.speed()));
  }

  /**
   * The time scaled as {@link #scaled(Duration)} does, but never below a minimum that a machine
   * needs.
   */
  Duration scaled(Duration time, Duration least) {
    Duration scaled = scaled(time);
    return scaled.compareTo(least) < 0 ? least : scaled;
  }

  /** The duration of the quiet time, in which nothing is called. */
  Duration quietTime() {
    return Duration.ofMillis((long) (scaled(timeout(profile)).toMillis() * QUIET_FACTOR));
  }

  /** Whether grpc's idle mode ends a channel's connection before the path forgets it. */
  public boolean idleModeComesFirst() {
    return profile.idleTimeout().map(timeout -> timeout.compareTo(IDLE_MODE) >= 0).orElse(false);
  }

  /** Whether a hop ends HTTP/2, so that only DATA keeps a stream. */
  public boolean terminatesHttp2() {
    return profile.layer() == PathProfile.Layer.REQUESTS;
  }

  /** Whether the path forgets a connection without telling both sides. */
  public boolean dropsSilently() {
    return faults
        .idle()
        .map(
            idleTimeout ->
                idleTimeout.action() == IdleAction.DROP || idleTimeout.action() == IdleAction.RESET)
        .orElse(false);
  }
}
