package dev.holdfast.streams.wire;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.streams.wire.WireException.WireViolation;
import org.jspecify.annotations.Nullable;

/**
 * The header before the bytes of a message: a single protobuf field, number {@value #FIELD_NUMBER},
 * with up to eight varints. A protobuf parser that does not know the field keeps it as unknown.
 *
 * <p>There is one spelling of each header: fields ascend, what is zero is absent, varints are the
 * shortest. So {@link #sizeBytes()} of a parsed header is where the message begins.
 *
 * @param tag of the attachment; a header with another one is somebody else's unknown field; 1 to
 *     2^32-1
 * @param seq the position of this message, half-close or final status; 0 in a frame without one
 * @param ack the highest position up to which the sender of the frame has processed everything
 * @param credit the highest position that the sender of the frame is ready to receive
 * @param flags of {@link Flag}
 * @param low the lowest position that the sender of the frame still holds; 0 says nothing of it
 * @param status with {@link Flag#FINAL}: the gRPC status code, 0 to 16
 * @param probe a number that the peer sends back with {@link Flag#ECHO}; 0 asks nothing
 */
public record FrameHeader(
    long tag, long seq, long ack, long credit, int flags, long low, int status, long probe) {

  /** The highest field number of protobuf. */
  public static final int FIELD_NUMBER = 536_870_911;

  @Limit(of = "bytes of a header's content", then = "the frame is refused as a broken attachment")
  public static final int MAX_CONTENT_LENGTH = 80;

  /** Field key (5 bytes), length (1 byte). */
  private static final int PREFIX_BYTES = 6;

  /** A header never takes more; inbound limits of messages are raised by as much. */
  public static final int LARGEST_HEADER_BYTES = PREFIX_BYTES + MAX_CONTENT_LENGTH;

  /** The highest tag of an attachment, 2^32-1. */
  public static final long HIGHEST_TAG = 0xffff_ffffL;

  /** The highest status code of gRPC, UNAUTHENTICATED. */
  private static final int HIGHEST_STATUS = 16;

  /** Varint of {@code FIELD_NUMBER << 3 | 2}. */
  private static final byte[] KEY = {(byte) 0xfa, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x0f};

  private static final int TAG = 1;
  private static final int SEQ = 2;
  private static final int ACK = 3;
  private static final int CREDIT = 4;
  private static final int FLAGS = 5;
  private static final int LOW = 6;
  private static final int STATUS = 7;
  private static final int PROBE = 8;

  /** The flags of a frame. */
  public static final class Flag {
    /** The final status, at position {@code seq}; the body is its trailers. Server to client. */
    public static final int FINAL = 1;

    /** The client's half-close, at position {@code seq}; there is no body. */
    public static final int HALF_CLOSE = 2;

    /**
     * The client's application cancelled; without a position, and repeated until it is answered.
     */
    public static final int CANCEL = 4;

    /** The sender wants this attachment replaced; the other side opens the next one. */
    public static final int DRAIN = 8;

    /** The instance and its sessions end: stop sending and settle. With {@link #DRAIN}. */
    public static final int LEAVING = 16;

    /** The client's answer to {@link #LEAVING}: it sends nothing after position {@code low}. */
    public static final int SETTLED = 32;

    /** The frame answers the peer's {@code probe}. */
    public static final int ECHO = 64;

    /**
     * The settled end of a session whose instance leaves, instead of a status. With {@link #FINAL}.
     */
    public static final int MOVED = 128;

    static final int ALL = 255;
    private static final int OF_CLIENT = HALF_CLOSE | CANCEL | SETTLED | ECHO;
    private static final int OF_SERVER = FINAL | DRAIN | LEAVING | ECHO | MOVED;

    private Flag() {}
  }

  /** A header without a message. */
  public static FrameHeader control(long tag, long ack, long credit, int flags) {
    return new FrameHeader(tag, 0, ack, credit, flags, 0, 0, 0);
  }

  public boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /** Whether it says nothing that only a server may say. */
  public boolean isOfClient() {
    boolean settled = low == 0 || has(Flag.SETTLED);
    return (flags & ~Flag.OF_CLIENT) == 0 && status == 0 && settled;
  }

  /** Whether it says nothing that only a client may say. */
  public boolean isOfServer() {
    boolean last = has(Flag.FINAL) || (status == 0 && !has(Flag.MOVED));
    return (flags & ~Flag.OF_SERVER) == 0 && low == 0 && last;
  }

  /** Whether the bytes after it are an application's message. */
  public boolean isMessage() {
    return seq != 0 && (flags & (Flag.FINAL | Flag.HALF_CLOSE)) == 0;
  }

  /** The length of the whole field, from 6 to {@link #LARGEST_HEADER_BYTES}. */
  public int sizeBytes() {
    return PREFIX_BYTES + contentBytes();
  }

  private int contentBytes() {
    return sizeOf(tag)
        + sizeOf(seq)
        + sizeOf(ack)
        + sizeOf(credit)
        + sizeOf(flags)
        + sizeOf(low)
        + sizeOf(status)
        + sizeOf(probe);
  }

  /**
   * Writes the field; there must be room for {@link #sizeBytes()}. Returns the offset behind it.
   */
  public int writeTo(byte[] out, int offset) {
    System.arraycopy(KEY, 0, out, offset, KEY.length);
    int at = offset + KEY.length;
    out[at++] = (byte) contentBytes();
    at = write(TAG, tag, out, at);
    at = write(SEQ, seq, out, at);
    at = write(ACK, ack, out, at);
    at = write(CREDIT, credit, out, at);
    at = write(FLAGS, flags, out, at);
    at = write(LOW, low, out, at);
    at = write(STATUS, status, out, at);
    return write(PROBE, probe, out, at);
  }

  public byte[] toByteArray() {
    byte[] bytes = new byte[sizeBytes()];
    writeTo(bytes, 0);
    return bytes;
  }

  /**
   * Reads the header at the beginning of a message, if one is there, and copies nothing. The first
   * {@link #LARGEST_HEADER_BYTES} of a longer message suffice.
   *
   * @return null when the message does not begin with such a field
   * @throws WireException when it does, and the field is not a header
   */
  public static @Nullable FrameHeader parse(byte[] bytes, int offset, int length)
      throws WireException {
    if (length < KEY.length || !beginsWithKey(bytes, offset)) {
      return null;
    }
    if (length == KEY.length) {
      throw new WireException(WireViolation.TRUNCATED, "header without a length");
    }
    int content = bytes[offset + KEY.length];
    if (content < 0 || content > MAX_CONTENT_LENGTH) {
      throw new WireException(
          WireViolation.TOO_LONG, "header of more than " + MAX_CONTENT_LENGTH + " bytes");
    }
    if (content > length - PREFIX_BYTES) {
      throw new WireException(WireViolation.TRUNCATED, "header of " + content + " bytes");
    }
    return parseContent(new WireReader(bytes, offset + PREFIX_BYTES, content));
  }

  private static FrameHeader parseContent(WireReader in) throws WireException {
    long tag = 0;
    long seq = 0;
    long ack = 0;
    long credit = 0;
    int flags = 0;
    long low = 0;
    int status = 0;
    long probe = 0;
    while (in.next()) {
      switch (in.field()) {
        case TAG -> tag = in.varint(HIGHEST_TAG);
        case SEQ -> seq = in.varint(Long.MAX_VALUE);
        case ACK -> ack = in.varint(Long.MAX_VALUE);
        case CREDIT -> credit = in.varint(Long.MAX_VALUE);
        case FLAGS -> flags = (int) in.varint(Flag.ALL);
        case LOW -> low = in.varint(Long.MAX_VALUE);
        case STATUS -> status = (int) in.varint(HIGHEST_STATUS);
        case PROBE -> probe = in.varint(Long.MAX_VALUE);
        default -> throw in.unknownField();
      }
    }
    if (tag == 0) {
      throw new WireException(WireViolation.BAD_VALUE, "tag: 0 (expected: >= 1)");
    }
    return new FrameHeader(tag, seq, ack, credit, flags, low, status, probe);
  }

  private static boolean beginsWithKey(byte[] bytes, int offset) {
    for (int i = 0; i < KEY.length; i++) {
      if (bytes[offset + i] != KEY[i]) {
        return false;
      }
    }
    return true;
  }

  private static int sizeOf(long value) {
    return value == 0 ? 0 : 1 + Varints.sizeOf(value);
  }

  private static int write(int field, long value, byte[] out, int at) {
    if (value == 0) {
      return at;
    }
    out[at] = (byte) (field << Varints.WIRE_TYPE_BITS);
    return Varints.write(value, out, at + 1);
  }
}
