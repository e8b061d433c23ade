package dev.holdfast.gateway.http1;

import io.netty.handler.codec.http.HttpResponseStatus;

/** Thrown for a malformed HTTP/1.1 request, with the status of the response. Has no stack trace. */
final class MalformedRequestException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int status;

  private MalformedRequestException(HttpResponseStatus status, String message) {
    super(message, null, false, false);
    this.status = status.code();
  }

  static MalformedRequestException badRequest(String message) {
    return new MalformedRequestException(HttpResponseStatus.BAD_REQUEST, message);
  }

  /** A refusal with 501, for an unsupported method or transfer coding. */
  static MalformedRequestException notImplemented(String message) {
    return new MalformedRequestException(HttpResponseStatus.NOT_IMPLEMENTED, message);
  }

  static MalformedRequestException wrongVersion(String message) {
    return new MalformedRequestException(HttpResponseStatus.HTTP_VERSION_NOT_SUPPORTED, message);
  }

  HttpResponseStatus status() {
    return HttpResponseStatus.valueOf(status);
  }

  /** The message of the error; never null. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
