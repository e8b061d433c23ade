package dev.holdfast.doctor;

import java.time.Duration;
import java.util.Optional;

/**
 * The response to a call or to a held stream.
 *
 * @param httpStatus the HTTP status; 0 when no HEADERS arrived
 * @param grpcStatus the gRPC status code; -1 when there was none
 * @param resetCode the error code of a RST_STREAM; -1 when there was none
 * @param server the header {@code server}, "" without
 * @param via the header {@code via}, "" without
 * @param marks names of further headers that only proxies write
 * @param took from the request to the end of the response
 */
record ProbeResponse(
    int httpStatus,
    int grpcStatus,
    long resetCode,
    String server,
    String via,
    String marks,
    Duration took) {
  private static final int UNIMPLEMENTED = 12;
  private static final int UNAVAILABLE = 14;
  private static final int HTTP_OK = 200;
  private static final int HTTP_NOT_FOUND = 404;

  /** Whether the server has no such method. */
  boolean isUnknownMethod() {
    return grpcStatus == UNIMPLEMENTED || httpStatus == HTTP_NOT_FOUND;
  }

  /** Whether the response carries a gRPC status. */
  boolean isGrpc() {
    return grpcStatus >= 0;
  }

  /** Whether a hop speaks for a server that it can't reach. */
  boolean isHopError() {
    return (httpStatus >= 502 && httpStatus <= 504) || grpcStatus == UNAVAILABLE || resetCode > 0;
  }

  Optional<String> serverHeader() {
    return server.isEmpty() ? Optional.empty() : Optional.of(server);
  }

  /** The response in words, for reports: its RST_STREAM code, gRPC status or HTTP status. */
  String words() {
    if (resetCode >= 0) {
      return "RST_STREAM " + resetCode;
    }
    if (grpcStatus >= 0) {
      return "gRPC status " + grpcStatus;
    }
    // HAProxy ends a quiet stream that had begun well by nothing but its end.
    return httpStatus == HTTP_OK ? "an end without a gRPC status" : "HTTP status " + httpStatus;
  }
}
