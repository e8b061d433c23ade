package dev.holdfast.transcoding.status;

/**
 * The gRPC status codes with their HTTP statuses and Connect names.
 *
 * @see <a href="https://grpc.io/docs/guides/status-codes/">the codes</a>
 */
public enum GrpcStatusCode {
  OK(0, 200, "ok"),
  CANCELLED(1, 499, "canceled"),
  UNKNOWN(2, 500, "unknown"),
  INVALID_ARGUMENT(3, 400, "invalid_argument"),
  DEADLINE_EXCEEDED(4, 504, "deadline_exceeded"),
  NOT_FOUND(5, 404, "not_found"),
  ALREADY_EXISTS(6, 409, "already_exists"),
  PERMISSION_DENIED(7, 403, "permission_denied"),
  RESOURCE_EXHAUSTED(8, 429, "resource_exhausted"),
  FAILED_PRECONDITION(9, 400, "failed_precondition"),
  ABORTED(10, 409, "aborted"),
  OUT_OF_RANGE(11, 400, "out_of_range"),
  UNIMPLEMENTED(12, 501, "unimplemented"),
  INTERNAL(13, 500, "internal"),
  UNAVAILABLE(14, 503, "unavailable"),
  DATA_LOSS(15, 500, "data_loss"),
  UNAUTHENTICATED(16, 401, "unauthenticated");

  private static final GrpcStatusCode[] ALL = values();

  private final int number;
  private final int httpStatus;
  private final String connectName;

  GrpcStatusCode(int number, int httpStatus, String connectName) {
    this.number = number;
    this.httpStatus = httpStatus;
    this.connectName = connectName;
  }

  /** The number of gRPC, as {@code grpc-status} has it: 0 to 16. */
  public int number() {
    return number;
  }

  /** The status of the HTTP response: 200 for OK, 400 to 504 for others. */
  public int httpStatus() {
    return httpStatus;
  }

  /** The name in Connect's errors: lower case, with an l in canceled. */
  public String connectName() {
    return connectName;
  }

  /** The code of a number; {@link #UNKNOWN} for those that gRPC has not given away. */
  public static GrpcStatusCode of(int number) {
    return number >= 0 && number < ALL.length ? ALL[number] : UNKNOWN;
  }

  /**
   * The code of an HTTP response without {@code grpc-status}. This is not the inverse of {@link
   * #httpStatus}, which is for HTTP clients of a gRPC call.
   *
   * @see <a href="https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md">the
   *     table</a>
   */
  public static GrpcStatusCode ofHttp(int httpStatus) {
    return switch (httpStatus) {
      case 400 -> INTERNAL;
      case 401 -> UNAUTHENTICATED;
      case 403 -> PERMISSION_DENIED;
      case 404 -> UNIMPLEMENTED;
      case 429, 502, 503, 504 -> UNAVAILABLE;
      default -> UNKNOWN;
    };
  }
}
