package dev.holdfast.duplex.conformance.wire;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;

/**
 * A gRPC message of an attachment: its header's fields and its body. Immutable; the {@code with..}
 * methods return a changed copy.
 *
 * @param tag 0 for a message without a header
 */
public record WireFrame(
    long tag,
    long seq,
    long ack,
    long credit,
    long flags,
    long low,
    long status,
    long probe,
    String bodyHex) {
  public static final long FINAL = 1;
  public static final long HALF_CLOSE = 2;
  public static final long CANCEL = 4;
  public static final long DRAIN = 8;
  public static final long LEAVING = 16;
  public static final long SETTLED = 32;
  public static final long ECHO = 64;
  public static final long MOVED = 128;

  private static final HexFormat HEX = HexFormat.of();
  private static final byte[] KEY = HEX.parseHex("faffffff0f");
  private static final int LONGEST_HEADER = 80;
  private static final int TAG = 1;
  private static final int SEQ = 2;
  private static final int ACK = 3;
  private static final int CREDIT = 4;
  private static final int FLAGS = 5;
  private static final int LOW = 6;
  private static final int STATUS = 7;
  private static final int PROBE = 8;

  /** A frame that says nothing yet. */
  public static WireFrame of(long tag) {
    return new WireFrame(tag, 0, 0, 0, 0, 0, 0, 0, "");
  }

  /** A message without a header. */
  public static WireFrame bare(byte[] body) {
    return of(0).withBody(body);
  }

  public WireFrame withSeq(long value) {
    return new WireFrame(tag, value, ack, credit, flags, low, status, probe, bodyHex);
  }

  public WireFrame withAck(long value) {
    return new WireFrame(tag, seq, value, credit, flags, low, status, probe, bodyHex);
  }

  public WireFrame withCredit(long value) {
    return new WireFrame(tag, seq, ack, value, flags, low, status, probe, bodyHex);
  }

  public WireFrame withFlags(long value) {
    return new WireFrame(tag, seq, ack, credit, value, low, status, probe, bodyHex);
  }

  public WireFrame withLow(long value) {
    return new WireFrame(tag, seq, ack, credit, flags, value, status, probe, bodyHex);
  }

  public WireFrame withStatus(long value) {
    return new WireFrame(tag, seq, ack, credit, flags, low, value, probe, bodyHex);
  }

  public WireFrame withProbe(long value) {
    return new WireFrame(tag, seq, ack, credit, flags, low, status, value, bodyHex);
  }

  public WireFrame withBody(byte[] value) {
    return new WireFrame(tag, seq, ack, credit, flags, low, status, probe, HEX.formatHex(value));
  }

  /** The frame with a message of the scenarios as its body. */
  public WireFrame withText(String text) {
    return withBody(TextMessage.encode(text));
  }

  public boolean has(long flag) {
    return (flags & flag) != 0;
  }

  /** Whether the message has a header. */
  public boolean hasHeader() {
    return tag != 0;
  }

  /** Whether the body is an application's message. */
  public boolean isMessage() {
    return !hasHeader() || (seq != 0 && !has(FINAL | HALF_CLOSE));
  }

  public byte[] body() {
    return HEX.parseHex(bodyHex);
  }

  /** The text of a message of the scenarios. */
  public String text() {
    return TextMessage.decode(body());
  }

  /** The bytes of the gRPC message. */
  public byte[] encode() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    if (hasHeader()) {
      out.writeBytes(header(fields().encode()));
    }
    out.writeBytes(body());
    return out.toByteArray();
  }

  /** A header with any content, for peers that break the rules. */
  public static byte[] header(byte[] content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(KEY);
    out.write(content.length);
    out.writeBytes(content);
    return out.toByteArray();
  }

  private WireFields fields() {
    return new WireFields()
        .put(TAG, tag)
        .put(SEQ, seq)
        .put(ACK, ack)
        .put(CREDIT, credit)
        .put(FLAGS, flags)
        .put(LOW, low)
        .put(STATUS, status)
        .put(PROBE, probe);
  }

  /** Whether a message begins with the key of a header. */
  static boolean isHeaded(byte[] message) {
    return message.length >= KEY.length
        && Arrays.equals(message, 0, KEY.length, KEY, 0, KEY.length);
  }

  /**
   * Reads a gRPC message.
   *
   * @throws IllegalArgumentException when what follows the key of a header is none
   */
  public static WireFrame parse(byte[] message) {
    if (!isHeaded(message)) {
      return bare(message);
    }
    int from = KEY.length + 1;
    int length = message.length < from ? -1 : message[KEY.length];
    if (length < 0 || length > LONGEST_HEADER || length > message.length - from) {
      throw new IllegalArgumentException("header of " + length + " bytes");
    }
    byte[] content = Arrays.copyOfRange(message, from, from + length);
    WireFields fields = WireFields.decode(content, Set.of(), PROBE);
    WireFrame frame =
        new WireFrame(
            within(TAG, fields.number(TAG), 0xffff_ffffL),
            fields.number(SEQ),
            fields.number(ACK),
            fields.number(CREDIT),
            within(FLAGS, fields.number(FLAGS), 255),
            fields.number(LOW),
            within(STATUS, fields.number(STATUS), 16),
            fields.number(PROBE),
            HEX.formatHex(message, from + length, message.length));
    if (frame.tag == 0) {
      throw new IllegalArgumentException("header without a tag");
    }
    return frame;
  }

  private static long within(int field, long value, long highest) {
    if (value > highest) {
      throw new IllegalArgumentException(
          "field %d: %d (expected: <= %d)".formatted(field, value, highest));
    }
    return value;
  }

  @Override
  public String toString() {
    String what =
        hasHeader()
            ? "tag=%d seq=%d ack=%d credit=%d flags=%d low=%d status=%d probe=%d"
                .formatted(tag, seq, ack, credit, flags, low, status, probe)
            : "no header";
    return what + " body=" + (isMessage() ? text() : bodyHex);
  }
}
