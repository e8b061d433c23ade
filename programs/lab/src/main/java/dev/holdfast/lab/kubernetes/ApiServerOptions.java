package dev.holdfast.lab.kubernetes;

import java.time.Duration;
import java.util.Optional;

/**
 * The options of an {@link ApiServer}.
 *
 * @param tls none for plain HTTP, as behind {@code kubectl proxy}
 * @param http2 whether it speaks HTTP/2: by ALPN, in the clear by upgrade and by prior knowledge
 * @param bookmarkInterval between bookmarks of a watch; a minute in a real cluster
 */
public record ApiServerOptions(
    Optional<ApiServerTls> tls, boolean http2, Duration bookmarkInterval) {

  /** Plain HTTP/1.1 and HTTP/2, a bookmark a minute. */
  public static ApiServerOptions defaults() {
    return new ApiServerOptions(Optional.empty(), true, Duration.ofMinutes(1));
  }

  /** These options with TLS, as given. */
  public ApiServerOptions withTls(ApiServerTls value) {
    return new ApiServerOptions(Optional.of(value), http2, bookmarkInterval);
  }

  /** These options with HTTP/1.1 only. */
  public ApiServerOptions withoutHttp2() {
    return new ApiServerOptions(tls, false, bookmarkInterval);
  }

  /** These options with another bookmark interval. */
  public ApiServerOptions withBookmarkInterval(Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException("bookmarkInterval: " + value + " (expected: > 0)");
    }
    return new ApiServerOptions(tls, http2, value);
  }
}
