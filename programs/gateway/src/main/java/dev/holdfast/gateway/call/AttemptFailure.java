package dev.holdfast.gateway.call;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.gateway.cluster.EndpointFault;
import dev.holdfast.gateway.headers.LocalReplyStatus;
import dev.holdfast.gateway.traffic.CallEndReason;
import dev.holdfast.gateway.upstream.HeaderListTooLargeException;
import io.netty.handler.codec.http2.Http2Error;
import org.jspecify.annotations.Nullable;

/**
 * The failure of one attempt of a call.
 *
 * @param why for the call log
 * @param what in words, for the client
 * @param status that the client gets unless there is another attempt
 * @param unprocessed whether the endpoint certainly processed none of the request
 * @param fault that counts against the endpoint; null for none
 */
record AttemptFailure(
    CallEndReason why,
    String what,
    LocalReplyStatus status,
    boolean unprocessed,
    @Nullable EndpointFault fault) {
  /** The code of RST_STREAM for a request that was not processed (RFC 9113, 8.7). */
  static final long REFUSED_STREAM = Http2Error.REFUSED_STREAM.code();

  /**
   * The failure of a stream above the last stream of a GOAWAY, which the upstream did not process.
   */
  static final AttemptFailure LEFT_BEFORE =
      lost("the upstream sent GOAWAY before it processed the call", true, null);

  /**
   * The failure of a stream that the upstream reset.
   *
   * @param code of the RST_STREAM frame
   */
  static AttemptFailure ofReset(long code) {
    Http2Error error = Http2Error.valueOf(code);
    String name = error == null ? Long.toString(code) : error.name();
    LocalReplyStatus status = LocalReplyStatus.ofReset(code);
    boolean serves =
        status == LocalReplyStatus.RESOURCE_EXHAUSTED
            || status == LocalReplyStatus.PERMISSION_DENIED;
    return new AttemptFailure(
        CallEndReason.UPSTREAM_RESET,
        "the upstream reset the stream: " + name,
        status,
        error == Http2Error.REFUSED_STREAM,
        serves ? null : EndpointFault.RESET);
  }

  /**
   * The failure of a malformed response: INTERNAL, as for a stream that an upstream resets with
   * PROTOCOL_ERROR. With UNAVAILABLE clients would retry and get the same response.
   */
  static AttemptFailure ofMalformed(String what, boolean unprocessed) {
    return new AttemptFailure(
        CallEndReason.BAD_ANSWER,
        "malformed response: " + what,
        LocalReplyStatus.INTERNAL,
        unprocessed,
        EndpointFault.RESET);
  }

  /** The failure of a stream that neither side ended. */
  static AttemptFailure ofFault(String what, boolean unprocessed) {
    return lost(what, unprocessed, EndpointFault.RESET);
  }

  /** The failure of a stream whose connection was lost. */
  static AttemptFailure ofLoss(String why, boolean unprocessed) {
    return lost("connection lost: " + why, unprocessed, EndpointFault.LOST);
  }

  private static AttemptFailure lost(
      String what, boolean unprocessed, @Nullable EndpointFault fault) {
    return new AttemptFailure(
        CallEndReason.UPSTREAM_LOST, what, LocalReplyStatus.UNAVAILABLE, unprocessed, fault);
  }

  /**
   * Whether another attempt would fail in the same way: the request itself exceeds a limit of the
   * upstream.
   */
  boolean isPermanent() {
    return why == CallEndReason.LIMIT;
  }

  /**
   * The failure of a stream that could not be opened on the gateway's side: RESOURCE_EXHAUSTED and
   * no other attempt if the request headers are too large for the upstream.
   */
  static AttemptFailure unopened(@Nullable Throwable cause) {
    if (cause instanceof HeaderListTooLargeException) {
      return new AttemptFailure(
          CallEndReason.LIMIT,
          String.valueOf(cause.getMessage()),
          LocalReplyStatus.RESOURCE_EXHAUSTED,
          true,
          null);
    }
    String why = cause == null ? "" : ": " + IoErrorText.of(cause);
    return lost("no stream could be opened" + why, true, null);
  }
}
