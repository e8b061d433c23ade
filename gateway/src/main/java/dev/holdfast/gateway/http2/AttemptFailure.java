package dev.holdfast.gateway.http2;

import io.netty.handler.codec.http2.Http2Error;
import org.jspecify.annotations.Nullable;

/**
 * How an attempt failed.
 *
 * @param what in words, for the client
 * @param status that the client gets unless there is another attempt
 * @param unprocessed whether nobody can have processed any of it
 */
record AttemptFailure(String what, StatusCode status, boolean unprocessed) {
  /** Its stream is above the last one of a GOAWAY. */
  static final AttemptFailure LEFT_BEFORE =
      new AttemptFailure("the upstream left before it took the call", StatusCode.UNAVAILABLE, true);

  /** The upstream sent RST_STREAM. */
  static AttemptFailure ofReset(long code) {
    Http2Error error = Http2Error.valueOf(code);
    String name = error == null ? Long.toString(code) : error.name();
    return new AttemptFailure(
        "the upstream reset the stream: " + name,
        StatusCode.ofReset(code),
        error == Http2Error.REFUSED_STREAM);
  }

  /** The stream could not be opened here. */
  static AttemptFailure unopened(@Nullable Throwable cause) {
    String why = cause == null ? "" : ": " + cause.getMessage();
    return new AttemptFailure("no stream could be opened" + why, StatusCode.UNAVAILABLE, true);
  }
}
