package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.cluster.EndpointFault;
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
 * @param fault what of it speaks against its endpoint; null for nothing
 */
record AttemptFailure(
    Reason why,
    String what,
    StatusCode status,
    boolean unprocessed,
    @Nullable EndpointFault fault) {
  /** Its stream is above the last one of a GOAWAY. */
  static final AttemptFailure LEFT_BEFORE =
      lost("the upstream left before it took the call", true, null);

  /** The upstream sent RST_STREAM. */
  static AttemptFailure ofReset(long code) {
    Http2Error error = Http2Error.valueOf(code);
    String name = error == null ? Long.toString(code) : error.name();
    StatusCode status = StatusCode.ofReset(code);
    boolean serves =
        status == StatusCode.RESOURCE_EXHAUSTED || status == StatusCode.PERMISSION_DENIED;
    return new AttemptFailure(
        Reason.UPSTREAM_RESET,
        "the upstream reset the stream: " + name,
        status,
        error == Http2Error.REFUSED_STREAM,
        serves ? null : EndpointFault.RESET);
  }

  /**
   * The answer is malformed: INTERNAL, as for a stream that an upstream resets with PROTOCOL_ERROR.
   * With UNAVAILABLE clients would call again, and meet the same answer.
   */
  static AttemptFailure ofMalformed(String what, boolean unprocessed) {
    return new AttemptFailure(
        Reason.BAD_ANSWER,
        "malformed answer: " + what,
        StatusCode.INTERNAL,
        unprocessed,
        EndpointFault.RESET);
  }

  /** The stream failed, and neither side ended it. */
  static AttemptFailure ofFault(String what, boolean unprocessed) {
    return lost(what, unprocessed, EndpointFault.RESET);
  }

  /** The connection was lost. */
  static AttemptFailure ofLoss(String why, boolean unprocessed) {
    return lost("connection lost: " + why, unprocessed, EndpointFault.LOST);
  }

  private static AttemptFailure lost(
      String what, boolean unprocessed, @Nullable EndpointFault fault) {
    return new AttemptFailure(
        Reason.UPSTREAM_LOST, what, StatusCode.UNAVAILABLE, unprocessed, fault);
  }

  /** The stream could not be opened here. */
  static AttemptFailure unopened(@Nullable Throwable cause) {
    String why = cause == null ? "" : ": " + cause.getMessage();
    return lost("no stream could be opened" + why, true, null);
  }
}
