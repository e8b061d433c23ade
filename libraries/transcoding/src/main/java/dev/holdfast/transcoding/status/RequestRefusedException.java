package dev.holdfast.transcoding.status;

import java.util.List;

/**
 * Thrown for a request that can't become a call, with the response: HTTP status, gRPC code and a
 * message that names the problem. The client caused it, so there is no stack trace.
 */
public final class RequestRefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private static final int NO_SUCH_PATH = 404;

  private final GrpcStatusCode code;
  private final int httpStatus;
  private final transient List<String> allow;

  private RequestRefusedException(
      GrpcStatusCode code, int httpStatus, List<String> allow, String message) {
    super(message, null, false, false);
    this.code = code;
    this.httpStatus = httpStatus;
    this.allow = allow;
  }

  /** A refusal with 400 and INVALID_ARGUMENT. */
  public static RequestRefusedException badRequest(String message) {
    return new RequestRefusedException(GrpcStatusCode.INVALID_ARGUMENT, 400, List.of(), message);
  }

  /** A refusal with 404 and NOT_FOUND: no method has this path. */
  public static RequestRefusedException noSuchPath(String message) {
    return new RequestRefusedException(GrpcStatusCode.NOT_FOUND, NO_SUCH_PATH, List.of(), message);
  }

  /**
   * A refusal with 405 and UNIMPLEMENTED: the path exists for other HTTP methods, named by {@code
   * allow}.
   */
  public static RequestRefusedException methodNotAllowed(List<String> allow, String message) {
    return new RequestRefusedException(
        GrpcStatusCode.UNIMPLEMENTED, 405, List.copyOf(allow), message);
  }

  /** A refusal with 408 and DEADLINE_EXCEEDED: the body was not complete in time. */
  public static RequestRefusedException tooSlow(String message) {
    return new RequestRefusedException(GrpcStatusCode.DEADLINE_EXCEEDED, 408, List.of(), message);
  }

  /** A refusal with 503 and UNAVAILABLE: the schema is not known yet. */
  public static RequestRefusedException unavailable(String message) {
    return new RequestRefusedException(GrpcStatusCode.UNAVAILABLE, 503, List.of(), message);
  }

  /** A refusal with 413 and RESOURCE_EXHAUSTED: a size limit is exceeded. */
  public static RequestRefusedException tooLarge(String message) {
    return new RequestRefusedException(GrpcStatusCode.RESOURCE_EXHAUSTED, 413, List.of(), message);
  }

  /** A refusal with 431 and RESOURCE_EXHAUSTED: headers or path exceed a limit. */
  public static RequestRefusedException headersTooLarge(String message) {
    return new RequestRefusedException(GrpcStatusCode.RESOURCE_EXHAUSTED, 431, List.of(), message);
  }

  /** A refusal with 415 and INVALID_ARGUMENT: the method does not accept the content type. */
  public static RequestRefusedException unsupportedType(String message) {
    return new RequestRefusedException(GrpcStatusCode.INVALID_ARGUMENT, 415, List.of(), message);
  }

  /**
   * A refusal with 415 and UNIMPLEMENTED: the compression of a body or message is not supported.
   */
  public static RequestRefusedException unsupportedEncoding(String message) {
    return new RequestRefusedException(GrpcStatusCode.UNIMPLEMENTED, 415, List.of(), message);
  }

  /** A refusal with 500 and INTERNAL: the body violates the framing of its protocol. */
  public static RequestRefusedException brokenFraming(String message) {
    return new RequestRefusedException(GrpcStatusCode.INTERNAL, 500, List.of(), message);
  }

  /** Whether no method has this path. */
  public boolean isNoSuchPath() {
    return httpStatus == NO_SUCH_PATH;
  }

  /** The gRPC code in the response body. */
  public GrpcStatusCode code() {
    return code;
  }

  /**
   * The HTTP status of the response; more specific than that of {@link #code()} where HTTP has a
   * status for the problem.
   */
  public int httpStatus() {
    return httpStatus;
  }

  /** HTTP methods for the {@code allow} header of a 405, sorted; empty otherwise. */
  public List<String> allow() {
    return allow == null ? List.of() : allow;
  }

  /** The message of the error; never null. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
