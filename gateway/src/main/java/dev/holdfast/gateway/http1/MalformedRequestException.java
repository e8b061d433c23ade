package dev.holdfast.gateway.http1;

import io.netty.handler.codec.http.HttpResponseStatus;

/** A request over HTTP/1.1 that is refused for its syntax. Caused by the client: no stack trace. */
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

  /** A method or transfer coding that nobody here knows. */
  static MalformedRequestException notImplemented(String message) {
    return new MalformedRequestException(HttpResponseStatus.NOT_IMPLEMENTED, message);
  }

  static MalformedRequestException wrongVersion(String message) {
    return new MalformedRequestException(HttpResponseStatus.HTTP_VERSION_NOT_SUPPORTED, message);
  }

  HttpResponseStatus status() {
    return HttpResponseStatus.valueOf(status);
  }

  /** The message; never null. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
