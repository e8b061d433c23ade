package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.RegistryException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The failure of a request to the API server.
 *
 * @param message one sentence for people, without a secret
 * @param retryAfter the pause that the server asks for; zero when it asks for none
 */
record ApiFailure(ApiError error, String message, Duration retryAfter, @Nullable Throwable cause) {

  static ApiFailure of(ApiError error, String message) {
    return new ApiFailure(error, message, Duration.ZERO, null);
  }

  static ApiFailure of(ApiError error, String message, Throwable cause) {
    return new ApiFailure(error, message, Duration.ZERO, cause);
  }

  /** A timeout: the API server did not answer in time. */
  static ApiFailure timedOut(String what) {
    return of(ApiError.TIMEOUT, "the API server did not answer " + what + " in time");
  }

  ApiFailure withMessage(String value) {
    return new ApiFailure(error, value, retryAfter, cause);
  }

  RegistryException toRegistryException() {
    return new RegistryException(error.kind(), message, cause);
  }
}
