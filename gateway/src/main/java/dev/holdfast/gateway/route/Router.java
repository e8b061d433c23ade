package dev.holdfast.gateway.route;

import org.jspecify.annotations.Nullable;

/** Finds the route of a request. Immutable and thread-safe; asked once per request. */
public interface Router {
  /** The route of a request; null when there is none. */
  @Nullable Route find(RequestHead head);

  /**
   * Whether the same headers always find the same route, so that the first answer can be kept.
   * Routes with shares are not.
   */
  default boolean isSteady() {
    return false;
  }

  /**
   * What would have matched, for the answer to a request without a route: it stands after
   * "expected:".
   */
  default String expectation() {
    return "a route that matches";
  }

  /**
   * Whether routes are still being learned, so that a request without one may have one in a moment:
   * it is told to come again (UNAVAILABLE, 503), not that there is no such thing.
   */
  default boolean isLearning() {
    return false;
  }

  /** Whether nobody has said yet which services there are to be routed to. */
  default boolean awaitsServices() {
    return false;
  }

  /** As {@link #expectation()}, for the head of that very request. */
  default String expectation(RequestHead head) {
    return expectation();
  }
}
