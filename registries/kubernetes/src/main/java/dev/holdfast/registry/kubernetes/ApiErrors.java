package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.SSLException;

/**
 * The classification of request failures, by exception types and status codes and never by message
 * texts.
 */
final class ApiErrors {
  @Limit(of = "pause that an API server asks for", then = "it is asked again after this time")
  static final Duration MAX_RETRY_AFTER = Duration.ofMinutes(1);

  private static final int CLIENT_ERRORS = 400;
  private static final int SERVER_ERRORS = 500;

  private ApiErrors() {}

  /** The failure that a Status object describes, whether in a response or in a watch event. */
  static ApiFailure of(ApiJson.Status status) {
    ApiError error = status.versionAhead() ? ApiError.VERSION_AHEAD : error(status.code());
    String said = status.message().isEmpty() ? status.reason() : status.message();
    return new ApiFailure(
        error,
        "the API server said "
            + status.code()
            + (said.isEmpty() ? "" : ": " + LogEscaper.escape(said)),
        pause(status.retryAfterSeconds()),
        null);
  }

  /**
   * The failure that an unexpected HTTP response describes; its body need not be a Status object.
   */
  static ApiFailure ofAnswer(HttpResponse<?> response, byte[] body) {
    int code = response.statusCode();
    ApiJson.Status status;
    try {
      status = ApiJson.status(body);
    } catch (IOException e) {
      // A proxy in front of the server answers with whatever it likes.
      status = new ApiJson.Status(code, "no status of Kubernetes", "", false, 0);
    }
    int seconds =
        Math.max(
            status.retryAfterSeconds(),
            response.headers().firstValue("Retry-After").map(ApiErrors::seconds).orElse(0));
    return of(
        new ApiJson.Status(
            code, status.reason(), status.message(), status.versionAhead(), seconds));
  }

  /** The other spelling of the header, a date, is not used by API servers. */
  private static int seconds(String text) {
    boolean digits =
        !text.isEmpty() && text.length() <= 6 && text.chars().allMatch(c -> c >= '0' && c <= '9');
    return digits ? Integer.parseInt(text) : 0;
  }

  private static Duration pause(int seconds) {
    Duration asked = Duration.ofSeconds(Math.max(0, seconds));
    return asked.compareTo(MAX_RETRY_AFTER) < 0 ? asked : MAX_RETRY_AFTER;
  }

  private static ApiError error(int code) {
    return switch (code) {
      case 401 -> ApiError.UNAUTHORIZED;
      case 403 -> ApiError.FORBIDDEN;
      case 404 -> ApiError.NOT_SERVED;
      case 410 -> ApiError.GONE;
      case 429 -> ApiError.BUSY;
      default -> code >= SERVER_ERRORS || code < CLIENT_ERRORS ? ApiError.BUSY : ApiError.OTHER;
    };
  }

  /** The failure of a request that got no response or an incomplete one. */
  static ApiFailure of(Throwable thrown) {
    Throwable cause = thrown;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof ApiFailureException apiFailureException) {
      return apiFailureException.failure();
    }
    if (cause instanceof HttpTimeoutException) {
      return ApiFailure.of(ApiError.TIMEOUT, "the API server did not answer in time", cause);
    }
    for (Throwable t = cause; t != null; t = t.getCause()) {
      if (t instanceof CertificateExpiredException) {
        return ApiFailure.of(
            ApiError.CERTIFICATE_REFUSED,
            "the API server's certificate has expired (" + LogEscaper.escape(t.getMessage()) + ")",
            cause);
      }
      if (t instanceof SSLException || t instanceof CertificateException) {
        return ApiFailure.of(
            ApiError.CERTIFICATE_REFUSED,
            "TLS with the API server failed: " + LogEscaper.escape(IoErrorText.of(t)),
            cause);
      }
    }
    if (cause instanceof ConnectException || !(cause instanceof IOException)) {
      return ApiFailure.of(
          ApiError.UNREACHABLE,
          "the API server can't be reached: " + LogEscaper.escape(IoErrorText.of(cause)),
          cause);
    }
    return ApiFailure.of(
        ApiError.BROKEN,
        "the connection to the API server broke: " + LogEscaper.escape(IoErrorText.of(cause)),
        cause);
  }

  /** A failure on its way through a future. */
  static final class ApiFailureException extends IOException {
    private static final long serialVersionUID = 1L;
    private final transient ApiFailure failure;

    ApiFailureException(ApiFailure failure) {
      super(failure.message());
      this.failure = failure;
    }

    ApiFailure failure() {
      return failure;
    }
  }
}
