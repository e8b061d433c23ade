package dev.holdfast.admin;

import dev.holdfast.hooks.EndedStreamStatus;
import dev.holdfast.hooks.StreamStatus;

/**
 * A stream at one moment, or at its end.
 *
 * @param endedMillis since 1970; 0 while the stream is open
 * @param end the kind of end; "" while the stream is open
 */
record StreamRow(StreamStatus status, long endedMillis, String end, boolean lost) {

  static StreamRow open(StreamStatus status) {
    return new StreamRow(bounded(status), 0, "", false);
  }

  static StreamRow ended(EndedStreamStatus stream, long endedMillis) {
    return new StreamRow(bounded(stream.last()), endedMillis, stream.kind(), stream.lost());
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

  private static StreamStatus bounded(StreamStatus status) {
    String peer = ShownText.of(status.peer());
    String principal = ShownText.of(status.principal());
    String method = ShownText.of(status.method());
    String lastCause = ShownText.of(status.lastCause());
    if (isSame(peer, status.peer())
        && isSame(principal, status.principal())
        && isSame(method, status.method())
        && isSame(lastCause, status.lastCause())) {
      return status;
    }
    return new StreamStatus(
        status.server(),
        status.id(),
        peer,
        principal,
        method,
        status.state(),
        status.attempts(),
        lastCause,
        status.queuedBytes(),
        status.positions(),
        status.times());
  }

  /** A text that needed no change is the same object. */
  @SuppressWarnings("ReferenceEquality")
  private static boolean isSame(String shown, String text) {
    return shown == text;
  }
}
