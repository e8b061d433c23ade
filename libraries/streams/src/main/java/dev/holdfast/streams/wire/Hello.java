package dev.holdfast.streams.wire;

import dev.holdfast.streams.internal.Handshake;
import dev.holdfast.streams.wire.WireException.WireViolation;

/**
 * The hello of a client at the beginning of each attachment.
 *
 * @param session the id of the session
 * @param attach the number of the attachment, from 1, strictly ascending over the life of the
 *     session: the fencing token. Each physical attempt has its own number
 * @param tag the tag in the frames of this attachment, in both directions; 1 to 2^32-1
 * @param watermark the highest position up to which the client has processed everything
 * @param low the lowest position that the client still holds; one more than the last position when
 *     it holds none
 * @param credit the highest position that the client is ready to receive
 * @param remainingMillis time until the deadline of the session; 0 for none, at least 1 otherwise
 * @param untouched whether no message was ever handed to an earlier attachment, so that a server
 *     that does not know the session may begin it
 * @param token from the last welcome
 * @param ageMillis the most time that will have passed since the session began when this hello is
 *     answered; 0 when it is not given, as when nothing depends on it
 * @param touchedBy the number of the attachment that messages were handed to and nobody welcomed; 0
 *     when there is none
 */
public record Hello(
    SessionId session,
    long attach,
    long tag,
    long watermark,
    long low,
    long credit,
    long remainingMillis,
    boolean untouched,
    SessionToken token,
    long ageMillis,
    long touchedBy) {

  private static final int SESSION = 2;
  private static final int ATTACH = 3;
  private static final int TAG = 4;
  private static final int WATERMARK = 5;
  private static final int LOW = 6;
  private static final int CREDIT = 7;
  private static final int REMAINING = 8;
  private static final int UNTOUCHED = 9;
  private static final int TOKEN = 10;
  private static final int AGE = 11;
  private static final int TOUCHED_BY = 12;

  /** Creates a hello without an age and without an attachment that nobody welcomed. */
  public Hello(
      SessionId session,
      long attach,
      long tag,
      long watermark,
      long low,
      long credit,
      long remainingMillis,
      boolean untouched,
      SessionToken token) {
    this(session, attach, tag, watermark, low, credit, remainingMillis, untouched, token, 0, 0);
  }

  /** Returns this hello with at least this age, if it has one. */
  public Hello atLeastAged(long millis) {
    long older = Math.min(Math.max(ageMillis, millis), Handshake.MAX_MILLIS);
    return ageMillis == 0
        ? this
        : new Hello(
            session,
            attach,
            tag,
            watermark,
            low,
            credit,
            remainingMillis,
            untouched,
            token,
            older,
            touchedBy);
  }

  /** The bytes of the metadata value. */
  public byte[] toByteArray() {
    return new WireWriter()
        .varint(1, Handshake.VERSION)
        .bytes(SESSION, session.toByteArray())
        .varint(ATTACH, attach)
        .varint(TAG, tag)
        .varint(WATERMARK, watermark)
        .varint(LOW, low)
        .varint(CREDIT, credit)
        .varint(REMAINING, remainingMillis)
        .varint(UNTOUCHED, untouched ? 1 : 0)
        .bytes(TOKEN, token.toByteArray())
        .varint(AGE, ageMillis)
        .varint(TOUCHED_BY, touchedBy)
        .toByteArray();
  }

  /**
   * Decodes a hello from its metadata value.
   *
   * @throws WireException when the value is malformed, or its fields contradict each other
   */
  public static Hello parse(byte[] bytes) throws WireException {
    WireReader in = WireReader.openHandshake(bytes);
    byte[] session = new byte[0];
    long attach = 0;
    long tag = 0;
    long watermark = 0;
    long low = 0;
    long credit = 0;
    long remaining = 0;
    boolean untouched = false;
    SessionToken token = SessionToken.NONE;
    long age = 0;
    long touchedBy = 0;
    while (in.next()) {
      switch (in.field()) {
        case SESSION -> session = in.bytes(SessionId.BYTES);
        case ATTACH -> attach = in.varint(Long.MAX_VALUE);
        case TAG -> tag = in.varint(FrameHeader.HIGHEST_TAG);
        case WATERMARK -> watermark = in.varint(Long.MAX_VALUE);
        case LOW -> low = in.varint(Long.MAX_VALUE);
        case CREDIT -> credit = in.varint(Long.MAX_VALUE);
        case REMAINING -> remaining = in.varint(Handshake.MAX_MILLIS);
        case UNTOUCHED -> untouched = in.varint(1) == 1;
        case TOKEN -> token = new SessionToken(in.bytes(Handshake.MAX_TOKEN_LENGTH));
        case AGE -> age = in.varint(Handshake.MAX_MILLIS);
        case TOUCHED_BY -> touchedBy = in.varint(Long.MAX_VALUE);
        default -> throw in.unknownField();
      }
    }
    if (session.length != SessionId.BYTES) {
      throw new WireException(WireViolation.BAD_VALUE, "session: " + session.length + " bytes");
    }
    WireReader.require(attach > 0, "attach: 0 (expected: >= 1)");
    WireReader.require(tag > 0, "tag: 0 (expected: >= 1)");
    WireReader.require(low > 0, "low: 0 (expected: >= 1)");
    return new Hello(
        SessionId.of(session),
        attach,
        tag,
        watermark,
        low,
        credit,
        remaining,
        untouched,
        token,
        age,
        touchedBy);
  }
}
