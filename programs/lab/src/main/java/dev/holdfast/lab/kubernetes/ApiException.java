package dev.holdfast.lab.kubernetes;

/** A request that is answered with a failure. */
final class ApiException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient ApiStatus status;

  ApiException(ApiStatus status) {
    super(status.message(), null, false, false);
    this.status = status;
  }

  static ApiException badRequest(String message) {
    return new ApiException(ApiStatus.of(400, "BadRequest", message));
  }

  /** List options that contradict each other. */
  static ApiException invalidOptions(String message) {
    return new ApiException(
        ApiStatus.of(422, "Invalid", "ListOptions.meta.k8s.io \"\" is invalid: " + message));
  }

  ApiStatus status() {
    return status;
  }
}
