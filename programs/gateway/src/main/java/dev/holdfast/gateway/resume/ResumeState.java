package dev.holdfast.gateway.resume;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * The state of a resumable stream. {@link #mayBecome} is the transition table; any other transition
 * is a bug and throws.
 *
 * <pre>
 *            reader attaches  reader leaves   end handed over  time, eviction, drain
 * READING    READING          AWAY or CLOSED  DELIVERED        CLOSED
 * AWAY       READING          -               -                CLOSED
 * DELIVERED  READING          -               -                CLOSED
 * CLOSED     -                -               -                -
 * </pre>
 */
enum ResumeState {
  /** A reader is attached. */
  READING,
  /** No reader is attached, and not all was handed to one. */
  AWAY,
  /** No reader is attached, and the end of the stream was handed to one. */
  DELIVERED,
  /** The stream is forgotten, and its call was cancelled unless it had ended. */
  CLOSED;

  private static final Map<ResumeState, Set<ResumeState>> NEXT =
      new EnumMap<>(
          Map.of(
              READING, EnumSet.of(READING, AWAY, DELIVERED, CLOSED),
              AWAY, EnumSet.of(READING, CLOSED),
              DELIVERED, EnumSet.of(READING, CLOSED),
              CLOSED, EnumSet.noneOf(ResumeState.class)));

  /** Whether the table has this step. */
  boolean mayBecome(ResumeState next) {
    return NEXT.getOrDefault(this, Set.of()).contains(next);
  }

  /** Whether the stream is kept for a reader that may come. */
  boolean awaitsReader() {
    return this == AWAY || this == DELIVERED;
  }
}
