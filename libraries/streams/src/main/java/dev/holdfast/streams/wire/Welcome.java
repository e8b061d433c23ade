package dev.holdfast.streams.wire;

import dev.holdfast.streams.internal.Handshake;

/**
 * The acceptance of an attachment by a server.
 *
 * @param token the credential for the next attachment
 * @param watermark the highest position up to which the server has processed everything
 * @param low the lowest position that the server still holds; one more than the last when none
 * @param credit the highest position that the server is ready to receive
 * @param ttlMillis for how long the server keeps a session without attachment
 * @param ackEvery the client acknowledges after so many messages; 0: by its own options
 * @param ackDelayMillis and after so much time; 0: by its own options
 * @param spreadMillis the client adds a random part of it to its next delay (jitter)
 */
public record Welcome(
    SessionToken token,
    long watermark,
    long low,
    long credit,
    long ttlMillis,
    int ackEvery,
    long ackDelayMillis,
    long spreadMillis) {

  private static final int TOKEN = 2;
  private static final int WATERMARK = 3;
  private static final int LOW = 4;
  private static final int CREDIT = 5;
  private static final int TTL = 6;
  private static final int ACK_EVERY = 7;
  private static final int ACK_DELAY = 8;
  private static final int SPREAD = 9;

  /** The bytes of the metadata value. */
  public byte[] toByteArray() {
    return new WireWriter()
        .varint(1, Handshake.VERSION)
        .bytes(TOKEN, token.toByteArray())
        .varint(WATERMARK, watermark)
        .varint(LOW, low)
        .varint(CREDIT, credit)
        .varint(TTL, ttlMillis)
        .varint(ACK_EVERY, ackEvery)
        .varint(ACK_DELAY, ackDelayMillis)
        .varint(SPREAD, spreadMillis)
        .toByteArray();
  }

  /**
   * Decodes a welcome from its metadata value.
   *
   * @throws WireException when the value is malformed
   */
  public static Welcome parse(byte[] bytes) throws WireException {
    WireReader in = WireReader.openHandshake(bytes);
    SessionToken token = SessionToken.NONE;
    long watermark = 0;
    long low = 0;
    long credit = 0;
    long ttl = 0;
    int ackEvery = 0;
    long ackDelay = 0;
    long spread = 0;
    while (in.next()) {
      switch (in.field()) {
        case TOKEN -> token = new SessionToken(in.bytes(Handshake.MAX_TOKEN_LENGTH));
        case WATERMARK -> watermark = in.varint(Long.MAX_VALUE);
        case LOW -> low = in.varint(Long.MAX_VALUE);
        case CREDIT -> credit = in.varint(Long.MAX_VALUE);
        case TTL -> ttl = in.varint(Handshake.MAX_MILLIS);
        case ACK_EVERY -> ackEvery = (int) in.varint(Integer.MAX_VALUE);
        case ACK_DELAY -> ackDelay = in.varint(Handshake.MAX_MILLIS);
        case SPREAD -> spread = in.varint(Handshake.MAX_MILLIS);
        default -> throw in.unknownField();
      }
    }
    WireReader.require(!token.isNone(), "token: none");
    WireReader.require(low > 0, "low: 0 (expected: >= 1)");
    WireReader.require(ttl > 0, "ttl: 0 (expected: >= 1)");
    return new Welcome(token, watermark, low, credit, ttl, ackEvery, ackDelay, spread);
  }
}
