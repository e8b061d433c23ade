package dev.holdfast.gateway.frontend.codec;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * The state of a {@link FrontendCall}. {@link #mayBecome} is the transition table; any other
 * transition is a bug and throws.
 *
 * <pre>
 * READING -> COMPLETING -> HALF_CLOSED -> OVER
 * any but OVER -> OVER
 * </pre>
 */
enum FrontendCallState {
  /** The body of the request is being read. */
  READING,
  /** The body was read, and a part of it waits for a time slice or for the upstream. */
  COMPLETING,
  /** The whole request was handed to the call. */
  HALF_CLOSED,
  /** The end of the response was handed on, or the client is gone. */
  OVER;

  private static final Map<FrontendCallState, Set<FrontendCallState>> NEXT =
      new EnumMap<>(
          Map.of(
              READING, EnumSet.of(COMPLETING, OVER),
              COMPLETING, EnumSet.of(HALF_CLOSED, OVER),
              HALF_CLOSED, EnumSet.of(OVER),
              OVER, EnumSet.noneOf(FrontendCallState.class)));

  /** Whether the table has this step. */
  boolean mayBecome(FrontendCallState next) {
    return NEXT.getOrDefault(this, Set.of()).contains(next);
  }
}
