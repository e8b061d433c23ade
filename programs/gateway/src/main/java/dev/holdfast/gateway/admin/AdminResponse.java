package dev.holdfast.gateway.admin;

import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.Optional;

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

  /** The response to a liveness probe: the process that sends it is alive. */
  static AdminResponse alive() {
    return text(HttpResponseStatus.OK, "ok");
  }

  /**
   * The response to a readiness probe.
   *
   * @param notReadyBecause the reason for which there should be no traffic now; empty when ready
   */
  static AdminResponse readiness(Optional<String> notReadyBecause) {
    return notReadyBecause
        .map(reason -> text(HttpResponseStatus.SERVICE_UNAVAILABLE, reason))
        .orElseGet(() -> text(HttpResponseStatus.OK, "ready"));
  }
}
