package dev.holdfast.cli.console;

import io.netty.handler.codec.http.HttpResponseStatus;

/**
 * An answer of the console.
 *
 * @param type the content type of the body
 */
record ConsoleAnswer(HttpResponseStatus status, String type, String body) {
  private static final String JSON = "application/json";

  static ConsoleAnswer json(String json) {
    return new ConsoleAnswer(HttpResponseStatus.OK, JSON, json);
  }

  /** A refusal, with the reason in a field {@code refused}. */
  static ConsoleAnswer refusal(HttpResponseStatus status, String reason) {
    return new ConsoleAnswer(status, JSON, ConsoleJson.message("refused", reason));
  }
}
