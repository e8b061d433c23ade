package dev.holdfast.streams.wire;

import dev.holdfast.streams.internal.Handshake;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * The refusal of an attachment by a server.
 *
 * @param code the reason
 * @param address with {@link RefusalCode#MOVED}: where the session is, as host:port; "" otherwise
 * @param retryAfterMillis with {@link RefusalCode#BUSY}: the earliest time for a retry; 0 otherwise
 * @param processed the last position of the client that the server is known to have processed; 0
 *     when it is not known
 */
public record HandshakeRefusal(
    RefusalCode code, String address, long retryAfterMillis, long processed) {

  /** The reason of a refusal. */
  public enum RefusalCode {
    /** No session of this id is here, and none may begin with what the client still holds. */
    UNKNOWN(1),
    /** The session is over; its tombstone is still there. */
    EXPIRED(2),
    /**
     * The peers' positions do not meet: a side no longer holds messages that the other one needs.
     */
    GAP(3),
    /** A newer attachment was accepted before. */
    FENCED(4),
    /** Another instance holds the session. */
    MOVED(5),
    /** The server can't admit the attachment now; the client retries. */
    BUSY(6),
    /** The token does not fit, or the hello makes no sense. */
    DENIED(7);

    private final int number;

    RefusalCode(int number) {
      this.number = number;
    }

    /** The number of the code on the wire. */
    public int number() {
      return number;
    }
  }

  private static final int CODE = 2;
  private static final int ADDRESS = 3;
  private static final int RETRY_AFTER = 4;
  private static final int PROCESSED = 5;

  /** A refusal that needs no more words. */
  public static HandshakeRefusal of(RefusalCode refusalCode) {
    return new HandshakeRefusal(refusalCode, "", 0, 0);
  }

  /** The session is at this address. */
  public static HandshakeRefusal moved(String address) {
    return new HandshakeRefusal(RefusalCode.MOVED, address, 0, 0);
  }

  /** Creates a refusal that asks for a later retry. */
  public static HandshakeRefusal busy(long retryAfterMillis) {
    return new HandshakeRefusal(RefusalCode.BUSY, "", retryAfterMillis, 0);
  }

  /** Creates the refusal of an ended session, with the last position that had been processed. */
  public static HandshakeRefusal over(RefusalCode refusalCode, long processed) {
    return new HandshakeRefusal(refusalCode, "", 0, processed);
  }

  /** The bytes of the metadata value. */
  public byte[] toByteArray() {
    return new WireWriter()
        .varint(1, Handshake.VERSION)
        .varint(CODE, code.number)
        .bytes(ADDRESS, address.getBytes(StandardCharsets.UTF_8))
        .varint(RETRY_AFTER, retryAfterMillis)
        .varint(PROCESSED, processed)
        .toByteArray();
  }

  /**
   * Decodes a refusal from its metadata value.
   *
   * @throws WireException when the value is malformed
   */
  public static HandshakeRefusal parse(byte[] bytes) throws WireException {
    WireReader in = WireReader.openHandshake(bytes);
    int code = 0;
    String address = "";
    long retryAfter = 0;
    long processed = 0;
    while (in.next()) {
      switch (in.field()) {
        case CODE -> code = (int) in.varint(RefusalCode.values().length);
        case ADDRESS -> address = text(in.bytes(Handshake.MAX_ADDRESS_LENGTH));
        case RETRY_AFTER -> retryAfter = in.varint(Handshake.MAX_MILLIS);
        case PROCESSED -> processed = in.varint(Long.MAX_VALUE);
        default -> throw in.unknownField();
      }
    }
    WireReader.require(code > 0, "code: 0 (expected: 1 to 7)");
    RefusalCode meaning = RefusalCode.values()[code - 1];
    WireReader.require(
        (meaning == RefusalCode.MOVED) == !address.isEmpty(),
        "address: with MOVED and only with it");
    return new HandshakeRefusal(meaning, address, retryAfter, processed);
  }

  private static String text(byte[] bytes) throws WireException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new WireException(WireException.WireViolation.BAD_VALUE, "address: no UTF-8");
    }
  }
}
