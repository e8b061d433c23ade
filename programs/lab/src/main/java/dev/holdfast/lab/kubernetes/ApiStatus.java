package dev.holdfast.lab.kubernetes;

import dev.holdfast.core.JsonTextWriter;

/**
 * A {@code Status} object, as the API answers every failure.
 *
 * @param code the HTTP code
 * @param reason a word for programs, such as {@code Expired}; "" for none
 * @param message a sentence for people
 * @param details JSON; "" for none
 * @param continueToken where a list that expired may go on; "" for none
 * @param retryAfterSeconds 0 for none
 */
record ApiStatus(
    int code,
    String reason,
    String message,
    String details,
    String continueToken,
    int retryAfterSeconds) {

  static ApiStatus of(int code, String reason, String message) {
    return new ApiStatus(code, reason, message, "", "", 0);
  }

  static ApiStatus unauthorized() {
    return of(401, "Unauthorized", "Unauthorized");
  }

  static ApiStatus forbidden(String user, ApiRequest request) {
    ApiResource resource = request.resource();
    String what =
        resource.qualifiedName() + (request.name().isEmpty() ? "" : " \"" + request.name() + "\"");
    String where =
        request.namespace().isEmpty()
            ? "at the cluster scope"
            : "in the namespace \"" + request.namespace() + "\"";
    String message =
        "%s is forbidden: User \"%s\" cannot %s resource \"%s\" in API group \"%s\" %s"
            .formatted(
                what, user, request.verb().word(), resource.plural(), resource.group(), where);
    return new ApiStatus(403, "Forbidden", message, details(request), "", 0);
  }

  static ApiStatus notFound(ApiRequest request) {
    String message = request.resource().qualifiedName() + " \"" + request.name() + "\" not found";
    return new ApiStatus(404, "NotFound", message, details(request), "", 0);
  }

  static ApiStatus expired(String message) {
    return of(410, "Expired", message);
  }

  static ApiStatus tooOld(long version, long oldest) {
    return expired("too old resource version: " + version + " (" + oldest + ")");
  }

  /** A version that this server has not reached. */
  static ApiStatus tooLarge(long version, long current) {
    String message = "Timeout: Too large resource version: " + version + ", current: " + current;
    String cause =
        new JsonTextWriter()
            .object()
            .array("causes")
            .object()
            .with("reason", "ResourceVersionTooLarge")
            .with("message", "Too large resource version")
            .endObject()
            .endArray()
            .with("retryAfterSeconds", 1)
            .endObject()
            .toString();
    return new ApiStatus(504, "Timeout", message, cause, "", 1);
  }

  ApiStatus withContinue(String token) {
    return new ApiStatus(code, reason, message, details, token, retryAfterSeconds);
  }

  String json() {
    JsonTextWriter json =
        new JsonTextWriter()
            .object()
            .with("kind", "Status")
            .with("apiVersion", "v1")
            .object("metadata")
            .withAny("continue", continueToken)
            .endObject()
            .with("status", "Failure")
            .with("message", message)
            .withAny("reason", reason);
    if (!details.isEmpty()) {
      json.withJson("details", details);
    }
    return json.with("code", code).endObject().toString();
  }

  private static String details(ApiRequest request) {
    return new JsonTextWriter()
        .object()
        .withAny("name", request.name())
        .withAny("group", request.resource().group())
        .with("kind", request.resource().plural())
        .endObject()
        .toString();
  }
}
