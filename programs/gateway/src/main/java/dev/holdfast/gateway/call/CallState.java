package dev.holdfast.gateway.call;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * The state of a {@link RoutedCall}. {@link #next} is the transition table; any other transition is
 * a bug and throws.
 *
 * <pre>
 * ROUTING -> CONNECTING -> ATTEMPT -> RESPONDING -> OVER
 *                          ATTEMPT -> CONNECTING               (a retry at once)
 *                          ATTEMPT -> BACKOFF -> CONNECTING    (a retry after a delay)
 * any but OVER -> OVER
 * </pre>
 */
enum CallState {
  /** The request has no route yet. */
  ROUTING,
  /** The call waits for a connection to an endpoint of its cluster. */
  CONNECTING,
  /** An upstream stream is open, and its response has not begun. */
  ATTEMPT,
  /** The last attempt failed, and the delay before the next one runs. */
  BACKOFF,
  /** The response headers were sent to the client: no attempt can follow. */
  RESPONDING,
  /** The last frame for the client was handed on, or the client is gone. */
  OVER;

  private static final Map<CallState, Set<CallState>> NEXT =
      new EnumMap<>(
          Map.of(
              ROUTING, EnumSet.of(CONNECTING, OVER),
              CONNECTING, EnumSet.of(ATTEMPT, OVER),
              ATTEMPT, EnumSet.of(CONNECTING, BACKOFF, RESPONDING, OVER),
              BACKOFF, EnumSet.of(CONNECTING, OVER),
              RESPONDING, EnumSet.of(OVER),
              OVER, EnumSet.noneOf(CallState.class)));

  /** The states that may follow. */
  Set<CallState> next() {
    return Set.copyOf(following());
  }

  /** Whether the table has this step. */
  boolean mayBecome(CallState next) {
    return following().contains(next);
  }

  private Set<CallState> following() {
    return NEXT.getOrDefault(this, Set.of());
  }
}
