package dev.holdfast.gateway.limits;

import dev.holdfast.core.annotation.Limit;
import java.time.Duration;

/**
 * The limits of one client connection and of its requests, and of the number of connections. Apply
 * to connections that are accepted after they were set.
 *
 * @param connections of all clients open at once; 1 to 1,048,576, default {@value #CONNECTIONS}
 * @param streams open at once on one connection; 1 to 100,000, default {@value #STREAMS}
 * @param headerListBytes size of one request's header list (RFC 9113, 6.5.2); 1,024 to 1,048,576,
 *     default {@value #HEADER_LIST_BYTES}
 * @param streamWindowBytes buffered bytes of a request or response whose receiver is slow; 65,535
 *     to 16,777,216, default {@value #STREAM_WINDOW_BYTES}
 * @param connectionBytes the same for all streams of one connection together; at least
 *     streamWindowBytes, default {@value #CONNECTION_BYTES}
 * @param handshake time for a client until its SETTINGS, and afterwards from the beginning of a
 *     frame or header block to its end; at least 100 ms, default 10 s
 * @param idle the longest time of a connection without a stream; at least 1 s, default 1 h
 */
public record GatewayLimits(
    int connections,
    int streams,
    int headerListBytes,
    int streamWindowBytes,
    int connectionBytes,
    Duration handshake,
    Duration idle) {
  private static final int MIB = 1_048_576;
  private static final Duration LEAST_HANDSHAKE = Duration.ofMillis(100);

  /**
   * The default number of client connections: half of the files that a process may usually have
   * open.
   */
  @Limit(
      of = "connections of all clients to the gateway that are open at once",
      then =
          "a new one is reset; from nine tenths on, one from an address that has a sixteenth of"
              + " all")
  public static final int CONNECTIONS = 10_000;

  /** The default number of open streams on one connection. */
  @Limit(
      of = "streams open on one connection of a client to the gateway",
      then = "clients wait for one to end; a stream beyond it is refused")
  public static final int STREAMS = 128;

  /** The default size of one request's header list, in bytes. */
  @Limit(
      of = "headers of one request to the gateway, or of one response through it, in bytes",
      then = "the request is answered with RESOURCE_EXHAUSTED")
  public static final int HEADER_LIST_BYTES = 16_384;

  /** The default number of buffered bytes in one direction of a stream. */
  @Limit(
      of = "bytes kept of one direction of a stream whose receiver is slow",
      then = "its sender waits")
  public static final int STREAM_WINDOW_BYTES = 262_144;

  /** The default number of buffered bytes in all streams of a connection. */
  @Limit(
      of = "bytes kept of all streams of one connection of the gateway",
      then = "the stream that would exceed it is ended with RESOURCE_EXHAUSTED")
  public static final int CONNECTION_BYTES = 16_777_216;

  /** The default time for a client's first SETTINGS, and for each frame or header block. */
  @Limit(
      of = "time a client has to its first SETTINGS, and for each frame or headers it begins",
      then = "the connection is closed")
  public static final Duration HANDSHAKE = Duration.ofSeconds(10);

  /** The default time that a connection may be without a stream. */
  @Limit(
      of = "time that a connection may be without a stream, of a client or to an upstream",
      then = "it is told to leave by GOAWAY and closed")
  public static final Duration IDLE = Duration.ofHours(1);

  /** The defaults of all limits. */
  public static final GatewayLimits DEFAULT =
      new GatewayLimits(
          STREAMS, HEADER_LIST_BYTES, STREAM_WINDOW_BYTES, CONNECTION_BYTES, HANDSHAKE, IDLE);

  /** Limits with the default number of connections. */
  public GatewayLimits(
      int streams,
      int headerListBytes,
      int streamWindowBytes,
      int connectionBytes,
      Duration handshake,
      Duration idle) {
    this(
        CONNECTIONS, streams, headerListBytes, streamWindowBytes, connectionBytes, handshake, idle);
  }

  public GatewayLimits {
    within("connections", connections, 1, MIB);
    within("streams", streams, 1, 100_000);
    within("headerListBytes", headerListBytes, 1_024, MIB);
    within("streamWindowBytes", streamWindowBytes, 65_535, 16 * MIB);
    within("connectionBytes", connectionBytes, streamWindowBytes, Integer.MAX_VALUE);
    atLeast("handshake", handshake, LEAST_HANDSHAKE);
    atLeast("idle", idle, Duration.ofSeconds(1));
  }

  private static void within(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: " + least + " to " + most + ")");
    }
  }

  private static void atLeast(String name, Duration value, Duration least) {
    if (value.compareTo(least) < 0) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: >= " + least.toMillis() + "ms)");
    }
  }
}
