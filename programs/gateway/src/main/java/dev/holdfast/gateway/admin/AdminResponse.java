package dev.holdfast.gateway.admin;

import io.netty.handler.codec.http.HttpResponseStatus;

/**
 * A response of the admin page.
 *
 * @param type the content type of the body
 */
record AdminResponse(HttpResponseStatus status, String type, String body) {
  private static final String TEXT = "text/plain; charset=utf-8";

  static AdminResponse text(HttpResponseStatus status, String text) {
    return new AdminResponse(status, TEXT, text + "\n");
  }

  static AdminResponse of(String type, String text) {
    return new AdminResponse(HttpResponseStatus.OK, type, text);
  }
}
