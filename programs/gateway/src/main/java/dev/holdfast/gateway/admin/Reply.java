package dev.holdfast.gateway.admin;

import io.netty.handler.codec.http.HttpResponseStatus;

/**
 * A response of the admin page.
 *
 * @param type the content type of the body
 */
record Reply(HttpResponseStatus status, String type, String body) {
  private static final String TEXT = "text/plain; charset=utf-8";

  static Reply text(HttpResponseStatus status, String text) {
    return new Reply(status, TEXT, text + "\n");
  }

  static Reply of(String type, String text) {
    return new Reply(HttpResponseStatus.OK, type, text);
  }
}
