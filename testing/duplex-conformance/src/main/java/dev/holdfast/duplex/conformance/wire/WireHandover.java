package dev.holdfast.duplex.conformance.wire;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;

/**
 * The value that hands a session over, and the body of the FINAL with MOVED that brings it to the
 * client. Without positions and seal it is the offer of a client. Immutable; the methods that
 * change a field return a changed copy.
 */
public final class WireHandover {
  private static final int VERSION = 1;
  private static final int POSITION = 2;
  private static final int PROCESSED = 3;
  private static final int MOVES = 4;
  private static final int HALF_CLOSED = 5;
  private static final int REPLAYS = 6;
  private static final int CURSOR = 7;
  private static final int SEAL = 8;
  private static final Set<Integer> BYTE_FIELDS = Set.of(CURSOR, SEAL);
  private static final int SEAL_BYTES = 32;
  private static final int CURSOR_BYTES = 4096;
  private static final int BYTES = 4224;
  private static final byte[] NOTHING = {};

  /** The value of a client that takes hand-overs and has none to show. */
  private static final WireHandover OFFER = new WireHandover(new WireFields().put(VERSION, 1));

  // Never changed once it is here.
  private final WireFields fields;

  private WireHandover(WireFields fields) {
    this.fields = fields;
  }

  /** The offer of a client to take hand-overs. */
  public static WireHandover offer() {
    return OFFER;
  }

  /**
   * A hand-over with a cursor, behind these positions of the server and of the client, under a seal
   * that no client can check.
   */
  public static WireHandover of(long position, long processed, long moves) {
    byte[] seal = new byte[SEAL_BYTES];
    Arrays.fill(seal, (byte) 9);
    return new WireHandover(
        new WireFields()
            .put(VERSION, 1)
            .put(POSITION, position)
            .put(PROCESSED, processed)
            .put(MOVES, moves)
            .put(CURSOR, new byte[] {4, 2})
            .put(SEAL, seal));
  }

  /**
   * Reads a hand-over, or an offer. The seal is not checked.
   *
   * @throws IllegalArgumentException when it breaks a rule of the document
   */
  public static WireHandover parse(byte[] value) {
    WireHandover read = new WireHandover(WireFields.decode(value, BYTE_FIELDS, SEAL));
    boolean whole =
        read.position() > 0
            && read.position() < Long.MAX_VALUE
            && read.moves() > 0
            && read.position() >= read.moves()
            && read.fields.bytes(SEAL).length == SEAL_BYTES;
    if (read.fields.number(VERSION) != 1
        || value.length > BYTES
        || read.fields.number(HALF_CLOSED) > 1
        || read.replays() > 2
        || read.fields.bytes(CURSOR).length > CURSOR_BYTES
        || !(whole || isOffer(value))) {
      throw new IllegalArgumentException("hand-over: " + read);
    }
    return read;
  }

  /** Whether a value is the offer. */
  public static boolean isOffer(byte[] value) {
    return Arrays.equals(value, OFFER.encode());
  }

  /** Whether this is the offer, which hands nothing over. */
  public boolean isOffer() {
    return position() == 0;
  }

  /** This hand-over, whose next owner gets the client's messages again. */
  public WireHandover replaying() {
    return new WireHandover(copy().put(PROCESSED, 0).put(REPLAYS, 1));
  }

  /** This hand-over, whose next owner gets the client's messages again and no cursor. */
  public WireHandover restarting() {
    return new WireHandover(copy().put(PROCESSED, 0).put(REPLAYS, 2).put(CURSOR, NOTHING));
  }

  /** This hand-over, which covers the client's half-close. */
  public WireHandover halfClosed() {
    return new WireHandover(copy().put(HALF_CLOSED, 1));
  }

  /** This hand-over with the text of a cursor. The seal stays as it was. */
  public WireHandover withCursor(String text) {
    return new WireHandover(copy().put(CURSOR, text.getBytes(StandardCharsets.UTF_8)));
  }

  /** This hand-over under the seal of a key. */
  public WireHandover sealed(byte[] key, byte[] session, String principal, String method) {
    return new WireHandover(copy().put(SEAL, seal(key, session, principal, method)));
  }

  /** Whether the seal is the one that a key makes. */
  public boolean isSealed(byte[] key, byte[] session, String principal, String method) {
    return Arrays.equals(fields.bytes(SEAL), seal(key, session, principal, method));
  }

  private byte[] seal(byte[] key, byte[] session, String principal, String method) {
    return WireToken.hmac(
        key,
        session,
        principal.getBytes(StandardCharsets.UTF_8),
        method.getBytes(StandardCharsets.UTF_8),
        NOTHING,
        copy().put(SEAL, NOTHING).encode());
  }

  private WireFields copy() {
    return WireFields.decode(fields.encode(), BYTE_FIELDS, SEAL);
  }

  /** The last position of the old owner. */
  public long position() {
    return fields.number(POSITION);
  }

  /** The last position of the client that the cursor covers. */
  public long processed() {
    return fields.number(PROCESSED);
  }

  /** The hand-overs of the session so far. */
  public long moves() {
    return fields.number(MOVES);
  }

  /** Whether the client's half-close is covered. */
  public boolean isHalfClosed() {
    return fields.number(HALF_CLOSED) == 1;
  }

  /** 1 when the client's messages come again, 2 when they do without a cursor, 0 otherwise. */
  public long replays() {
    return fields.number(REPLAYS);
  }

  /** The text of the cursor. */
  public String cursor() {
    return new String(fields.bytes(CURSOR), StandardCharsets.UTF_8);
  }

  /** The bytes of the cursor, in hex. */
  String cursorHex() {
    return HexFormat.of().formatHex(fields.bytes(CURSOR));
  }

  /** The seal, in hex. */
  String sealHex() {
    return HexFormat.of().formatHex(fields.bytes(SEAL));
  }

  /** This hand-over with another number, which may break it. */
  WireHandover with(int field, long number) {
    return new WireHandover(copy().put(field, number));
  }

  /** This hand-over with other bytes, which may break it. */
  WireHandover with(int field, byte[] bytes) {
    return new WireHandover(copy().put(field, bytes));
  }

  public byte[] encode() {
    return fields.encode();
  }

  @Override
  public String toString() {
    return "hand-over position=%d processed=%d moves=%d half closed=%b replays=%d cursor=%s"
        .formatted(position(), processed(), moves(), isHalfClosed(), replays(), cursor());
  }
}
