package dev.holdfast.duplex.conformance.wire;

import java.util.HexFormat;
import java.util.Set;

/**
 * A client's hello. Mutable; the methods named after fields set them and return this. Not
 * thread-safe.
 */
public final class WireHello {
  private static final int VERSION = 1;
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

  private final WireFields fields;

  private WireHello(WireFields fields) {
    this.fields = fields;
  }

  /** The first hello of a session: untouched, low 1, credit 256. */
  public static WireHello first(byte[] session, long tag) {
    return new WireHello(new WireFields().put(VERSION, 1).put(SESSION, session))
        .attach(1)
        .tag(tag)
        .low(1)
        .credit(256)
        .untouched(true);
  }

  /** A later hello of a session that was welcomed. */
  public static WireHello later(byte[] session, long attach, long tag, byte[] token) {
    return first(session, tag).attach(attach).untouched(false).token(token);
  }

  /**
   * Reads a hello.
   *
   * @throws IllegalArgumentException when it breaks a rule of the document
   */
  public static WireHello parse(byte[] value) {
    WireHello hello = new WireHello(WireFields.decode(value, Set.of(SESSION, TOKEN), TOUCHED_BY));
    if (hello.fields.number(VERSION) != 1
        || hello.session().length != 16
        || hello.attach() == 0
        || hello.tag() == 0
        || hello.tag() > 0xffff_ffffL
        || hello.low() == 0
        || hello.fields.number(UNTOUCHED) > 1
        || hello.token().length > 320
        || hello.remaining() > 8_640_000_000L
        || hello.age() > 8_640_000_000L) {
      throw new IllegalArgumentException("hello: " + hello);
    }
    return hello;
  }

  public byte[] encode() {
    return fields.encode();
  }

  public byte[] session() {
    return fields.bytes(SESSION);
  }

  public long attach() {
    return fields.number(ATTACH);
  }

  public long tag() {
    return fields.number(TAG);
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

  public long remaining() {
    return fields.number(REMAINING);
  }

  public boolean isUntouched() {
    return fields.number(UNTOUCHED) == 1;
  }

  public byte[] token() {
    return fields.bytes(TOKEN);
  }

  public long age() {
    return fields.number(AGE);
  }

  public long touchedBy() {
    return fields.number(TOUCHED_BY);
  }

  public WireHello version(long value) {
    return put(VERSION, value);
  }

  public WireHello session(byte[] value) {
    fields.put(SESSION, value);
    return this;
  }

  public WireHello attach(long value) {
    return put(ATTACH, value);
  }

  public WireHello tag(long value) {
    return put(TAG, value);
  }

  public WireHello watermark(long value) {
    return put(WATERMARK, value);
  }

  public WireHello low(long value) {
    return put(LOW, value);
  }

  public WireHello credit(long value) {
    return put(CREDIT, value);
  }

  public WireHello remaining(long value) {
    return put(REMAINING, value);
  }

  public WireHello untouched(boolean value) {
    return put(UNTOUCHED, value ? 1 : 0);
  }

  public WireHello token(byte[] value) {
    fields.put(TOKEN, value);
    return this;
  }

  public WireHello age(long value) {
    return put(AGE, value);
  }

  public WireHello touchedBy(long value) {
    return put(TOUCHED_BY, value);
  }

  /** Sets a field of any number, for peers that break the rules. */
  public WireHello put(int number, long value) {
    fields.put(number, value);
    return this;
  }

  @Override
  public String toString() {
    return "hello session=%s attach=%d tag=%d watermark=%d low=%d credit=%d untouched=%b token=%d B"
        .formatted(
            HexFormat.of().formatHex(session()),
            attach(),
            tag(),
            watermark(),
            low(),
            credit(),
            isUntouched(),
            token().length);
  }
}
