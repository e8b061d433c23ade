package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The wish that a server's session goes on at another instance while its attachment works.
 *
 * <p>The client of a durable session chooses where to go, and may come back to this instance. For a
 * short time it is refused here with BUSY, which costs it nothing as long as the old attachment is
 * there, and it tries again. Then it is let in: it may have nowhere else to go.
 *
 * <p>A session without a store waits for its handler's cursor, and works meanwhile. After a time it
 * stays: a handler that is always behind its cursor, or never at it, must not be stopped for a
 * move.
 */
@PureCore
final class SessionMove {
  @Limit(
      of = "attempts of a stream that was asked to move to come back to its instance",
      then = "it stays there")
  static final int MAX_REFUSALS = 3;

  @Limit(
      of = "time for which a stream that was asked to move is refused by its instance",
      then = "it stays there")
  static final Duration REFUSED_FOR = Duration.ofSeconds(5);

  @Limit(
      of = "time that a stream without a store which was asked to move waits for its cursor",
      then = "it stays there")
  static final Duration CURSOR_PATIENCE = Duration.ofSeconds(10);

  private final long askedNanos;
  private final StreamAttachment leaving;
  private int refusals;

  /** The session of this attachment is asked to move. */
  SessionMove(long nowNanos, StreamAttachment attachment) {
    askedNanos = nowNanos;
    leaving = attachment;
  }

  /**
   * Whether a new attachment is refused.
   *
   * @param current the attachment that works; null for none, and then nobody is refused
   */
  boolean refuses(long nowNanos, @Nullable StreamAttachment current) {
    boolean refused =
        current == leaving
            && refusals < MAX_REFUSALS
            && nowNanos - askedNanos < REFUSED_FOR.toNanos();
    refusals += refused ? 1 : 0;
    return refused;
  }

  /**
   * Whether the session is still to be handed over.
   *
   * @param current the attachment that works; null for none, and then it stays
   */
  boolean isWanted(long nowNanos, @Nullable StreamAttachment current) {
    return current == leaving && nowNanos - askedNanos < CURSOR_PATIENCE.toNanos();
  }

  /** Whether the session may be at another instance, now that this attachment's call has ended. */
  boolean mayHaveLeft(StreamAttachment ended) {
    return ended == leaving;
  }
}
