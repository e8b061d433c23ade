package dev.holdfast.streams.wire;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.streams.internal.Handshake;
import dev.holdfast.streams.wire.WireException.WireViolation;
import java.util.Arrays;

/**
 * The hand-over of a session between two instances of a server, carried by its client: the
 * positions at which the old owner stopped and the cursor of its handler, under a seal that {@link
 * SessionTokenIssuer} makes and checks. Opaque to the client. Immutable.
 *
 * <p>The cursor is authenticated and not encrypted: the client can read it, and can't change it.
 */
public final class SessionHandover {
  private static final int NO_REPLAY = 0;
  private static final int REPLAY = 1;

  /** The next owner gets the client's messages again and no cursor; earlier versions refuse it. */
  private static final int RESTART = 2;

  /** The offer of a client that takes a hand-over and has none to show. */
  public static final SessionHandover OFFER =
      new SessionHandover(0, 0, 0, false, NO_REPLAY, new byte[0], new byte[0]);

  @Limit(of = "bytes of a handler's cursor", then = "StreamCursor.mark throws")
  public static final int MAX_CURSOR_BYTES = 4096;

  private static final int FRAMING_BYTES = 128;

  @Limit(of = "bytes of a hand-over", then = "the hello that shows it is refused")
  public static final int MAX_BYTES = MAX_CURSOR_BYTES + FRAMING_BYTES;

  private static final int POSITION = 2;
  private static final int PROCESSED = 3;
  private static final int MOVES = 4;
  private static final int HALF_CLOSED = 5;
  private static final int REPLAYS = 6;
  private static final int CURSOR = 7;
  private static final int SEAL = 8;

  private final long position;
  private final long processed;
  private final long moves;
  private final boolean halfClosed;
  private final int replays;
  private final byte[] cursor;
  private final byte[] seal;

  private SessionHandover(
      long position,
      long processed,
      long moves,
      boolean halfClosed,
      int replays,
      byte[] cursor,
      byte[] seal) {
    this.position = position;
    this.processed = processed;
    this.moves = moves;
    this.halfClosed = halfClosed;
    this.replays = replays;
    this.cursor = cursor;
    this.seal = seal;
  }

  /**
   * A hand-over without its seal.
   *
   * @param position the last position of the old owner, which is that of its final frame
   * @param processed the last position of the client that the cursor covers
   * @param moves the hand-overs of the session so far, this one included; at least 1
   * @param halfClosed whether the client's half-close is covered
   * @param replays whether the next owner gets the client's messages from the first one on; then
   *     {@code processed} is 0
   * @param cursor at most {@value #MAX_CURSOR_BYTES} bytes
   */
  public static SessionHandover of(
      long position,
      long processed,
      long moves,
      boolean halfClosed,
      boolean replays,
      byte[] cursor) {
    if (cursor.length > MAX_CURSOR_BYTES) {
      throw new IllegalArgumentException(
          "cursor: %d bytes (expected: <= %d)".formatted(cursor.length, MAX_CURSOR_BYTES));
    }
    int replay = replays ? REPLAY : NO_REPLAY;
    return new SessionHandover(
        position, processed, moves, halfClosed, replay, cursor.clone(), new byte[0]);
  }

  /**
   * The hand-over of a stream whose next handler begins anew with the client's messages, without
   * its seal.
   *
   * @param position the last position of the old owner, which is that of its final frame
   * @param moves the hand-overs of the session so far, this one included; at least 1
   */
  public static SessionHandover restart(long position, long moves) {
    return new SessionHandover(position, 0, moves, false, RESTART, new byte[0], new byte[0]);
  }

  /** Returns this hand-over under a seal. */
  SessionHandover sealed(byte[] newSeal) {
    return new SessionHandover(position, processed, moves, halfClosed, replays, cursor, newSeal);
  }

  /** Whether there is something to take over; false for {@link #OFFER}. */
  public boolean isPresent() {
    return position > 0;
  }

  /** The last position of the old owner. */
  public long position() {
    return position;
  }

  /** The last position of the client that the cursor covers. */
  public long processed() {
    return processed;
  }

  /** The hand-overs of the session so far. */
  public long moves() {
    return moves;
  }

  /** Whether the client's half-close is covered. */
  public boolean isHalfClosed() {
    return halfClosed;
  }

  /** Whether the client's messages come again, from the first one on. */
  public boolean replays() {
    return replays != NO_REPLAY;
  }

  /** Whether the next handler begins anew: it gets the client's messages again and no cursor. */
  public boolean restarts() {
    return replays == RESTART;
  }

  /** The messages that all owners so far have sent. Each of them also sent a final frame. */
  public long messages() {
    return position - moves;
  }

  /** The bytes that the old owner's handler marked last. */
  public byte[] cursor() {
    return cursor.clone();
  }

  byte[] seal() {
    return seal;
  }

  /** The bytes under the seal. */
  byte[] content() {
    return unsealed().toByteArray();
  }

  /** The bytes of the metadata value, and of the final frame's body. */
  public byte[] toByteArray() {
    return unsealed().bytes(SEAL, seal).toByteArray();
  }

  private WireWriter unsealed() {
    return new WireWriter()
        .varint(1, Handshake.VERSION)
        .varint(POSITION, position)
        .varint(PROCESSED, processed)
        .varint(MOVES, moves)
        .varint(HALF_CLOSED, halfClosed ? 1 : 0)
        .varint(REPLAYS, replays)
        .bytes(CURSOR, cursor);
  }

  /**
   * Decodes a hand-over, or the offer to take one.
   *
   * @throws WireException when the value is malformed; the seal is not checked
   */
  public static SessionHandover parse(byte[] bytes) throws WireException {
    WireReader in = WireReader.open(bytes, MAX_BYTES);
    long position = 0;
    long processed = 0;
    long moves = 0;
    boolean halfClosed = false;
    int replays = NO_REPLAY;
    byte[] cursor = new byte[0];
    byte[] seal = new byte[0];
    while (in.next()) {
      switch (in.field()) {
        case POSITION -> position = in.varint(Long.MAX_VALUE - 1);
        case PROCESSED -> processed = in.varint(Long.MAX_VALUE);
        case MOVES -> moves = in.varint(Integer.MAX_VALUE);
        case HALF_CLOSED -> halfClosed = in.varint(1) == 1;
        case REPLAYS -> replays = (int) in.varint(RESTART);
        case CURSOR -> cursor = in.bytes(MAX_CURSOR_BYTES);
        case SEAL -> seal = in.bytes(SessionTokenIssuer.MAC_BYTES);
        default -> throw in.unknownField();
      }
    }
    SessionHandover handover =
        new SessionHandover(position, processed, moves, halfClosed, replays, cursor, seal);
    boolean whole = moves > 0 && position >= moves && seal.length == SessionTokenIssuer.MAC_BYTES;
    if (!whole && !handover.equals(OFFER)) {
      throw new WireException(
          WireViolation.BAD_VALUE, "handover: incomplete (expected: position, moves and seal)");
    }
    return handover;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SessionHandover handover
        && Arrays.equals(toByteArray(), handover.toByteArray());
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(toByteArray());
  }

  /** Shows positions and sizes only: a reader of logs must not be able to take a session over. */
  @Override
  public String toString() {
    return "SessionHandover(position=%d, processed=%d, moves=%d, cursor of %d bytes)"
        .formatted(position, processed, moves, cursor.length);
  }
}
