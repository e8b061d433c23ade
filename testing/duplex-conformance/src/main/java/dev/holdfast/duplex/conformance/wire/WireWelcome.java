package dev.holdfast.duplex.conformance.wire;

import java.util.Set;

/** A server's welcome. Mutable; the methods with a value set a field and return this. */
public final class WireWelcome {
  private static final int VERSION = 1;
  private static final int TOKEN = 2;
  private static final int WATERMARK = 3;
  private static final int LOW = 4;
  private static final int CREDIT = 5;
  private static final int TTL = 6;
  private static final int ACK_EVERY = 7;
  private static final int ACK_DELAY = 8;
  private static final int SPREAD = 9;

  private final WireFields fields;

  private WireWelcome(WireFields fields) {
    this.fields = fields;
  }

  /** A welcome at the beginning of a session: low 1, credit 256, TTL a minute. */
  public static WireWelcome first(byte[] token) {
    WireFields fields = new WireFields().put(VERSION, 1).put(TOKEN, token);
    return new WireWelcome(fields).low(1).credit(256).ttl(60_000).acks(1, 1);
  }

  /**
   * Reads a welcome.
   *
   * @throws IllegalArgumentException when it breaks a rule of the document
   */
  public static WireWelcome parse(byte[] value) {
    WireWelcome welcome = new WireWelcome(WireFields.decode(value, Set.of(TOKEN), SPREAD));
    if (welcome.fields.number(VERSION) != 1
        || welcome.token().length < 32
        || welcome.token().length > 320
        || welcome.low() == 0
        || welcome.ttl() == 0) {
      throw new IllegalArgumentException("welcome: " + welcome);
    }
    return welcome;
  }

  public byte[] encode() {
    return fields.encode();
  }

  public byte[] token() {
    return fields.bytes(TOKEN);
  }

  public long watermark() {
    return fields.number(WATERMARK);
  }

  public long low() {
    return fields.number(LOW);
  }

  public long credit() {
    return fields.number(CREDIT);
  }

  public long ttl() {
    return fields.number(TTL);
  }

  public WireWelcome token(byte[] value) {
    fields.put(TOKEN, value);
    return this;
  }

  public WireWelcome watermark(long value) {
    return put(WATERMARK, value);
  }

  public WireWelcome low(long value) {
    return put(LOW, value);
  }

  public WireWelcome credit(long value) {
    return put(CREDIT, value);
  }

  public WireWelcome ttl(long millis) {
    return put(TTL, millis);
  }

  public WireWelcome acks(long every, long delayMillis) {
    return put(ACK_EVERY, every).put(ACK_DELAY, delayMillis);
  }

  public WireWelcome spread(long millis) {
    return put(SPREAD, millis);
  }

  /** Sets a field of any number, for peers that break the rules. */
  public WireWelcome put(int number, long value) {
    fields.put(number, value);
    return this;
  }

  @Override
  public String toString() {
    return "welcome watermark=%d low=%d credit=%d ttl=%d token=%d B"
        .formatted(watermark(), low(), credit(), ttl(), token().length);
  }
}
