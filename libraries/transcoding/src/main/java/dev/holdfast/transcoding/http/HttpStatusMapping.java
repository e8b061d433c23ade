package dev.holdfast.transcoding.http;

/**
 * The mappings between HTTP and gRPC statuses. They are not inverses: one maps the status of a call
 * for HTTP clients, the other maps an HTTP response without a gRPC status for gRPC clients.
 */
public final class HttpStatusMapping {
  private HttpStatusMapping() {}

  /** The HTTP status of a {@code grpc-status}; numbers that gRPC has not given away are 500. */
  public static int toHttp(int grpcStatus) {
    return StatusCode.of(grpcStatus).httpStatus();
  }

  /**
   * The gRPC status of an HTTP response without {@code grpc-status}.
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
