package dev.holdfast.transcoding.http;

import java.util.List;

/**
 * A request that can't be turned into a call, with the answer it gets: its HTTP status, its gRPC
 * code and a message that names what was wrong. It is the client's doing, so it has no stack trace.
 */
public final class RequestRefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private static final int NO_SUCH_PATH = 404;

  private final StatusCode code;
  private final int httpStatus;
  private final transient List<String> allow;

  private RequestRefusedException(
      StatusCode code, int httpStatus, List<String> allow, String message) {
    super(message, null, false, false);
    this.code = code;
    this.httpStatus = httpStatus;
    this.allow = allow;
  }

  /** 400 INVALID_ARGUMENT. */
  public static RequestRefusedException badRequest(String message) {
    return new RequestRefusedException(StatusCode.INVALID_ARGUMENT, 400, List.of(), message);
  }

  /** 404 NOT_FOUND: no method has this path. */
  public static RequestRefusedException noSuchPath(String message) {
    return new RequestRefusedException(StatusCode.NOT_FOUND, NO_SUCH_PATH, List.of(), message);
  }

  /** 405 UNIMPLEMENTED: the path exists under other HTTP methods, which {@code allow} names. */
  public static RequestRefusedException methodNotAllowed(List<String> allow, String message) {
    return new RequestRefusedException(StatusCode.UNIMPLEMENTED, 405, List.copyOf(allow), message);
  }

  /** 408 DEADLINE_EXCEEDED: not whole in time. */
  public static RequestRefusedException tooSlow(String message) {
    return new RequestRefusedException(StatusCode.DEADLINE_EXCEEDED, 408, List.of(), message);
  }

  /** 503 UNAVAILABLE: nobody here knows yet what is meant. */
  public static RequestRefusedException unavailable(String message) {
    return new RequestRefusedException(StatusCode.UNAVAILABLE, 503, List.of(), message);
  }

  /** 413 RESOURCE_EXHAUSTED: more than a limit lets in. */
  public static RequestRefusedException tooLarge(String message) {
    return new RequestRefusedException(StatusCode.RESOURCE_EXHAUSTED, 413, List.of(), message);
  }

  /** 431 RESOURCE_EXHAUSTED: headers, or a path, of more than a limit lets in. */
  public static RequestRefusedException headersTooLarge(String message) {
    return new RequestRefusedException(StatusCode.RESOURCE_EXHAUSTED, 431, List.of(), message);
  }

  /** 415 INVALID_ARGUMENT: a body of a type that the method does not take. */
  public static RequestRefusedException unsupportedType(String message) {
    return new RequestRefusedException(StatusCode.INVALID_ARGUMENT, 415, List.of(), message);
  }

  /** 415 UNIMPLEMENTED: a body or message that is compressed in a way that nobody here undoes. */
  public static RequestRefusedException unsupportedEncoding(String message) {
    return new RequestRefusedException(StatusCode.UNIMPLEMENTED, 415, List.of(), message);
  }

  /** 500 INTERNAL: a body that breaks the framing of its protocol. */
  public static RequestRefusedException brokenFraming(String message) {
    return new RequestRefusedException(StatusCode.INTERNAL, 500, List.of(), message);
  }

  /** Whether no method has this path. */
  public boolean isNoSuchPath() {
    return httpStatus == NO_SUCH_PATH;
  }

  /** The code in the body of the answer. */
  public StatusCode code() {
    return code;
  }

  /** The status of the answer; finer than that of {@link #code()} where HTTP has a word for it. */
  public int httpStatus() {
    return httpStatus;
  }

  /** HTTP methods for the {@code allow} header of a 405, sorted; empty otherwise. */
  public List<String> allow() {
    return allow == null ? List.of() : allow;
  }

  /** The message; never null. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
