package dev.holdfast.duplex.conformance.reference;

import dev.holdfast.duplex.conformance.wire.WireHandover;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The hand-overs of a session of a reference server: the one with which it began, and what its
 * handler marked for the next one. Used under the server's lock.
 */
final class ReferenceHandover {
  private final boolean offered;
  private final boolean replays;
  private final WireHandover taken;
  private final ReferenceOptions options;
  private final UnaryOperator<WireHandover> seal;
  private @Nullable String cursor;
  private long sentBefore;
  private long processedBefore;
  private boolean handedOver;

  /**
   * The hand-overs of a session that begins.
   *
   * @param shown the hand-over with which it begins, the offer, or null for a client that takes no
   *     hand-overs
   * @param replays whether the method has one request, which the next owner gets again; without a
   *     cursor its handler begins anew
   * @param seal puts the seal of this session on a hand-over
   */
  ReferenceHandover(
      ReferenceOptions options,
      @Nullable WireHandover shown,
      boolean replays,
      UnaryOperator<WireHandover> seal) {
    this.options = options;
    this.seal = seal;
    this.replays = replays;
    offered = shown != null;
    taken = shown == null ? WireHandover.offer() : shown;
    if (isTaken() && taken.replays() < 2) {
      cursor = taken.cursor();
      sentBefore = taken.position();
      processedBefore = taken.processed();
    }
  }

  /** Whether the session began at another instance. */
  boolean isTaken() {
    return !taken.isOffer();
  }

  /** The last position of the server before this instance. */
  long position() {
    return options.has(ServerFault.TAKES_OVER_FROM_ONE) ? 0 : taken.position();
  }

  /** The last position of the client before this instance. */
  long processed() {
    return taken.processed();
  }

  /** Whether the client's half-close came before this instance. */
  boolean isHalfClosed() {
    return taken.isHalfClosed();
  }

  /** The cursor that was marked last, here or before; null for none. */
  @Nullable String cursor() {
    return cursor;
  }

  void mark(String text, long sent, long processed) {
    cursor = text;
    sentBefore = sent;
    processedBefore = processed;
  }

  /** Whether the handler did something behind its cursor, so that the next mark is waited for. */
  boolean isMarkDue(long sent, long processed) {
    return offered
        && cursor != null
        && !isCurrent(sent, processed)
        && !options.has(ServerFault.WAITS_FOR_NO_MARK);
  }

  private boolean isCurrent(long sent, long processed) {
    boolean current = sent == sentBefore && (replays || processed == processedBefore);
    return current || options.has(ServerFault.HANDS_OVER_BEHIND_ITS_CURSOR);
  }

  /** Hands the session over, and returns the body of its FINAL; empty where it just ends. */
  byte[] handOver(long sent, long processed, boolean halfClosed) {
    String marked = cursor;
    boolean takes = offered || options.has(ServerFault.HANDS_OVER_UNASKED);
    boolean restarts = marked == null && replays;
    boolean goesOn = marked != null && isCurrent(sent, processed);
    if (!takes || !(restarts || goesOn)) {
      return new byte[0];
    }
    handedOver = true;
    long position = options.has(ServerFault.HANDS_OVER_THE_LAST_MESSAGE) ? sent : sent + 1;
    WireHandover next = WireHandover.of(position, processed, taken.moves() + 1);
    if (marked == null) {
      next = next.restarting();
    } else if (replays) {
      next = next.withCursor(marked).replaying();
    } else {
      next = next.withCursor(marked);
      next = halfClosed ? next.halfClosed() : next;
    }
    return seal.apply(next).encode();
  }

  /** Whether the session belongs to another instance from now on. */
  boolean isHandedOver() {
    return handedOver;
  }

  /** Whether the session went on elsewhere before it was handed over here. */
  boolean isBefore(WireHandover shown) {
    return handedOver || taken.moves() < shown.moves();
  }
}
