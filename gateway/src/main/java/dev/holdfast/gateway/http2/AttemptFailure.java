package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.traffic.Reason;
import io.netty.handler.codec.http2.Http2Error;
import org.jspecify.annotations.Nullable;

/**
 * How an attempt failed.
 *
 * @param why for the log of calls
 * @param what in words, for the client
 * @param status that the client gets unless there is another attempt
 * @param unprocessed whether nobody can have processed any of it
 */
record AttemptFailure(Reason why, String what, StatusCode status, boolean unprocessed) {
  /** Its stream is above the last one of a GOAWAY. */
  static final AttemptFailure LEFT_BEFORE = lost("the upstream left before it took the call", true);

  /** The upstream sent RST_STREAM. */
  static AttemptFailure ofReset(long code) {
    Http2Error error = Http2Error.valueOf(code);
    String name = error == null ? Long.toString(code) : error.name();
    return new AttemptFailure(
        Reason.UPSTREAM_RESET,
        "the upstream reset the stream: " + name,
        StatusCode.ofReset(code),
        error == Http2Error.REFUSED_STREAM);
  }

  /** The connection is of no use any more. */
  static AttemptFailure lost(String what, boolean unprocessed) {
    return new AttemptFailure(Reason.UPSTREAM_LOST, what, StatusCode.UNAVAILABLE, unprocessed);
  }

  /** The stream could not be opened here. */
  static AttemptFailure unopened(@Nullable Throwable cause) {
    String why = cause == null ? "" : ": " + cause.getMessage();
    return lost("no stream could be opened" + why, true);
  }
}
