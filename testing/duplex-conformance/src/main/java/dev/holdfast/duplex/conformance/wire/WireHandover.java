package dev.holdfast.duplex.conformance.wire;

import java.util.Arrays;

/**
 * The value that hands a session over, and the body of the FINAL with MOVED that brings it to the
 * client. Immutable.
 */
public final class WireHandover {
  /** The value of a client that takes hand-overs and has none to show. */
  private static final byte[] OFFER = new WireFields().put(1, 1).encode();

  private static final int POSITION = 2;
  private static final int PROCESSED = 3;
  private static final int MOVES = 4;
  private static final int REPLAYS = 6;
  private static final int CURSOR = 7;
  private static final int SEAL = 8;
  private static final int SEAL_BYTES = 32;

  private final long position;
  private final long processed;
  private final long moves;
  private final long replays;
  private final byte[] cursor;

  private WireHandover(long position, long processed, long moves, long replays, byte[] cursor) {
    this.position = position;
    this.processed = processed;
    this.moves = moves;
    this.replays = replays;
    this.cursor = cursor.clone();
  }

  /** A hand-over with a cursor, behind these positions of the server and of the client. */
  public static WireHandover of(long position, long processed, long moves) {
    return new WireHandover(position, processed, moves, 0, new byte[] {4, 2});
  }

  /** This hand-over, whose next owner gets the client's messages again. */
  public WireHandover replaying() {
    return new WireHandover(position, 0, moves, 1, cursor);
  }

  /** This hand-over, whose next owner gets the client's messages again and no cursor. */
  public WireHandover restarting() {
    return new WireHandover(position, 0, moves, 2, new byte[0]);
  }

  /** The last position of the old owner. */
  public long position() {
    return position;
  }

  /** Whether a value is the offer. */
  public static boolean isOffer(byte[] value) {
    return Arrays.equals(value, OFFER);
  }

  /** The bytes, under a seal that no client can check. */
  public byte[] encode() {
    byte[] seal = new byte[SEAL_BYTES];
    Arrays.fill(seal, (byte) 9);
    return new WireFields()
        .put(1, 1)
        .put(POSITION, position)
        .put(PROCESSED, processed)
        .put(MOVES, moves)
        .put(REPLAYS, replays)
        .put(CURSOR, cursor)
        .put(SEAL, seal)
        .encode();
  }
}
