package dev.holdfast.transcoding.http;

/**
 * Statuses of HTTP and of gRPC, each in the words of the other. The two ways are no inverses: the
 * first tells a client of HTTP what a method answered, the second tells a client of gRPC what an
 * answer meant that was no gRPC at all.
 */
public final class HttpStatusMapping {
  private HttpStatusMapping() {}

  /** The HTTP status of a {@code grpc-status}; numbers that gRPC has not given away are 500. */
  public static int toHttp(int grpcStatus) {
    return StatusCode.of(grpcStatus).httpStatus();
  }

  /**
   * The gRPC status of an HTTP answer without {@code grpc-status}.
   *
   * @see <a href="https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md">the
   *     table</a>
   */
  public static StatusCode fromHttp(int httpStatus) {
    return switch (httpStatus) {
      case 400 -> StatusCode.INTERNAL;
      case 401 -> StatusCode.UNAUTHENTICATED;
      case 403 -> StatusCode.PERMISSION_DENIED;
      case 404 -> StatusCode.UNIMPLEMENTED;
      case 429, 502, 503, 504 -> StatusCode.UNAVAILABLE;
      default -> StatusCode.UNKNOWN;
    };
  }
}
