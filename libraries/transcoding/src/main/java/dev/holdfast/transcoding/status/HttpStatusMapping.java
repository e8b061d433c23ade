package dev.holdfast.transcoding.status;

/**
 * The mappings between HTTP and gRPC statuses. They are not inverses: one maps the status of a call
 * for HTTP clients, the other maps an HTTP response without a gRPC status for gRPC clients.
 */
public final class HttpStatusMapping {
  private HttpStatusMapping() {}

  /** The HTTP status of a {@code grpc-status}; numbers that gRPC has not given away are 500. */
  public static int toHttp(int grpcStatus) {
    return GrpcStatusCode.of(grpcStatus).httpStatus();
  }

  /**
   * The gRPC status of an HTTP response without {@code grpc-status}.
   *
   * @see <a href="https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md">the
   *     table</a>
   */
  public static GrpcStatusCode fromHttp(int httpStatus) {
    return switch (httpStatus) {
      case 400 -> GrpcStatusCode.INTERNAL;
      case 401 -> GrpcStatusCode.UNAUTHENTICATED;
      case 403 -> GrpcStatusCode.PERMISSION_DENIED;
      case 404 -> GrpcStatusCode.UNIMPLEMENTED;
      case 429, 502, 503, 504 -> GrpcStatusCode.UNAVAILABLE;
      default -> GrpcStatusCode.UNKNOWN;
    };
  }
}
