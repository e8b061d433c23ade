package dev.holdfast.gateway.route;

import org.jspecify.annotations.Nullable;

/** The lookup of a request's route, once per request. Immutable and thread-safe. */
public interface Router {
  /** The route of a request; null when there is none. */
  @Nullable Route find(RequestHead head);

  /**
   * Whether requests with the same path and authority always find the same route, so that the
   * result may be cached. Routes with shares, and with conditions on other headers, do not.
   */
  default boolean isCacheable() {
    return false;
  }

  /**
   * The condition that a request without a route did not meet, for its local reply, where it stands
   * after "expected:".
   */
  default String expectation() {
    return "a route that matches";
  }

  /**
   * Whether routes are still being learned, so that a request without a route may soon have one.
   * Such a request is answered with UNAVAILABLE or 503, which clients may retry, and not as
   * unknown.
   */
  default boolean isLearning() {
    return false;
  }

  /** Whether the registry has not yet reported any list of services. */
  default boolean awaitsServices() {
    return false;
  }

  /** The same as {@link #expectation()}, for one request. */
  default String expectation(RequestHead head) {
    return expectation();
  }
}
