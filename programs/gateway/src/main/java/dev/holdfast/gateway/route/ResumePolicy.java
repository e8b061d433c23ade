package dev.holdfast.gateway.route;

import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.util.List;

/**
 * The policy by which streams of a route outlive the connection of their reader. Immutable.
 *
 * @param ttl for how long a stream without a reader is kept; 1 s to 1 h
 * @param bufferBytes the bytes of messages that one stream keeps; 4 KiB to 64 MiB
 * @param sessions the streams of the route that are kept at once; 1 to 100,000
 * @param totalBytes the bytes that all streams of the route keep; bufferBytes to 2 GiB
 * @param principal the request headers whose values the opener and the resumer must share, in lower
 *     case, or {@code cookie:NAME} for one cookie; empty for none
 * @param serviceSessions whether the gateway offers services to resume the stream with them
 */
public record ResumePolicy(
    Duration ttl,
    int bufferBytes,
    int sessions,
    int totalBytes,
    List<String> principal,
    boolean serviceSessions) {
  /** The shortest {@link #ttl}. */
  public static final Duration LEAST_TTL = Duration.ofSeconds(1);

  /** The longest {@link #ttl}. */
  @Limit(
      of = "the longest time for which a route may keep a resumable stream",
      then = "the configuration is refused")
  public static final Duration MOST_TTL = Duration.ofHours(1);

  /** The least {@link #bufferBytes}. */
  public static final int LEAST_BUFFER_BYTES = 4_096;

  /** The most {@link #bufferBytes}. */
  @Limit(
      of = "the most bytes that a route may keep of one resumable stream",
      then = "the configuration is refused")
  public static final int MOST_BUFFER_BYTES = 67_108_864;

  /** The most {@link #sessions}. */
  @Limit(
      of = "the most resumable streams that a route may keep",
      then = "the configuration is refused")
  public static final int MOST_SESSIONS = 100_000;

  /** The most {@link #totalBytes}. */
  @Limit(
      of = "the most bytes that a route may keep of all resumable streams",
      then = "the configuration is refused")
  public static final int MOST_TOTAL_BYTES = Integer.MAX_VALUE;

  @Limit(
      of = "time for which a resumable stream of a gateway is kept without a reader",
      then = "its call is cancelled, and a later reader gets 409")
  static final Duration TTL = Duration.ofMinutes(2);

  @Limit(
      of = "bytes of messages that one resumable stream of a gateway keeps",
      then = "without a reader its service waits; with one the oldest that were sent are dropped")
  static final int BUFFER_BYTES = 1_048_576;

  @Limit(
      of = "resumable streams of one route of a gateway",
      then = "the one that has been without a reader the longest ends, else a new one has no ids")
  static final int SESSIONS = 1_000;

  @Limit(
      of = "bytes of messages that all resumable streams of one route of a gateway keep",
      then = "the stream that has been without a reader the longest ends")
  static final int TOTAL_BYTES = 67_108_864;

  /** The default policy. */
  public static final ResumePolicy DEFAULT =
      new ResumePolicy(TTL, BUFFER_BYTES, SESSIONS, TOTAL_BYTES, List.of("authorization"), true);

  public ResumePolicy {
    principal = List.copyOf(principal);
    if (ttl.compareTo(LEAST_TTL) < 0 || ttl.compareTo(MOST_TTL) > 0) {
      throw new IllegalArgumentException("ttl: " + ttl + " (expected: 1s to 1h)");
    }
    require("bufferBytes", bufferBytes, LEAST_BUFFER_BYTES, MOST_BUFFER_BYTES);
    require("sessions", sessions, 1, MOST_SESSIONS);
    require("totalBytes", totalBytes, bufferBytes, MOST_TOTAL_BYTES);
  }

  private static void require(String name, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: " + least + " to " + most + ")");
    }
  }
}
