package dev.holdfast.admin;

import dev.holdfast.hooks.EndedStreamStatus;
import dev.holdfast.hooks.StreamStatus;

/**
 * A stream at one moment, or at its end. Its texts are bounded, when they are asked for.
 *
 * @param endedMillis since 1970; 0 while the stream is open
 * @param end the kind of end; "" while the stream is open
 */
record StreamRow(StreamStatus status, long endedMillis, String end, boolean lost) {

  static StreamRow open(StreamStatus status) {
    return new StreamRow(status, 0, "", false);
  }

  static StreamRow ended(EndedStreamStatus stream, long endedMillis) {
    return new StreamRow(kept(stream.last()), endedMillis, stream.kind(), stream.lost());
  }

  String role() {
    return status.server() ? "server" : "client";
  }

  long resumes() {
    return Math.max(0, status.attempts() - 1);
  }

  long unacked() {
    return status.positions().sent() - status.positions().acked();
  }

  String peer() {
    return ShownText.of(status.peer());
  }

  String principal() {
    return ShownText.of(status.principal());
  }

  String method() {
    return ShownText.of(status.method());
  }

  String lastCause() {
    return ShownText.of(status.lastCause());
  }

  /** The state with its texts in place, of a stream that is no more. */
  private static StreamStatus kept(StreamStatus status) {
    String peer = ShownText.of(status.peer());
    return new StreamStatus(
        status.server(),
        status.idHigh(),
        status.idLow(),
        () -> peer,
        ShownText.of(status.principal()),
        ShownText.of(status.method()),
        status.state(),
        status.attempts(),
        ShownText.of(status.lastCause()),
        status.queuedBytes(),
        status.positions(),
        status.times());
  }
}
