package dev.holdfast.streams.grpc;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The two messages of {@code holdfast/streams/v1/streams.proto}, by hand: code that protoc makes
 * would bring protobuf and grpc-stub to every user of streams, for one unary method. Clients are
 * generated as usual, and tests of the program have one talk to this.
 */
final class StreamsAdminCodec {
  private static final int WIRE_TYPE_BITS = 3;
  private static final int WIRE_TYPE_MASK = 7;
  private static final int VARINT = 0;
  private static final int FIXED_64 = 1;
  private static final int LENGTH_DELIMITED = 2;
  private static final int FIXED_32 = 5;
  private static final int BITS = 7;
  private static final int MORE = 0x80;
  private static final int LOW_BITS = 0x7f;

  private StreamsAdminCodec() {}

  /**
   * A request; what it does not know is skipped, as protobuf does.
   *
   * @throws IllegalArgumentException when the bytes are no message, or the query has a wrong value
   */
  static SessionQuery query(byte[] request) {
    Reader in = new Reader(request);
    long limit = 0;
    String[] texts = {"", "", "", ""};
    while (in.hasNext()) {
      long key = in.varint();
      int field = (int) (key >>> WIRE_TYPE_BITS);
      int type = (int) key & WIRE_TYPE_MASK;
      if (field == 1 && type == VARINT) {
        limit = in.varint();
      } else if (field >= 2 && field <= 5 && type == LENGTH_DELIMITED) {
        texts[field - 2] = new String(in.bytes(), StandardCharsets.UTF_8);
      } else {
        in.skip(type);
      }
    }
    int bounded = (int) Math.max(-1, Math.min(limit, Integer.MAX_VALUE));
    return new SessionQuery(bounded, texts[0], texts[1], texts[2], texts[3]);
  }

  static byte[] response(SessionQuery.Page page) {
    Writer out = new Writer();
    page.sessions().forEach(session -> out.bytes(1, session(session)));
    page.totals()
        .forEach(
            (state, sessions) ->
                out.bytes(2, new Writer().text(1, state.name()).number(2, sessions).toBytes()));
    return out.text(3, page.next()).toBytes();
  }

  private static byte[] session(SessionView session) {
    return new Writer()
        .text(1, session.id())
        .text(2, session.peer())
        .text(3, session.principal())
        .text(4, session.method())
        .text(5, session.state().name())
        .number(6, session.attempts())
        .text(7, session.lastCause())
        .number(8, session.queuedBytes())
        .number(9, session.sent())
        .number(10, session.acked())
        .number(11, session.processed())
        .number(12, session.duplicates())
        .number(13, session.age().toMillis())
        .number(14, session.unchanged().toMillis())
        .toBytes();
  }

  /** Writes fields with numbers up to 15; what is zero or empty is absent. */
  private static final class Writer {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Writer number(int field, long value) {
      if (value != 0) {
        out.write(field << WIRE_TYPE_BITS);
        varint(value);
      }
      return this;
    }

    Writer text(int field, String value) {
      return value.isEmpty() ? this : bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes a length-delimited field even when it is empty, for elements of a list. */
    Writer bytes(int field, byte[] value) {
      out.write(field << WIRE_TYPE_BITS | LENGTH_DELIMITED);
      varint(value.length);
      out.writeBytes(value);
      return this;
    }

    byte[] toBytes() {
      return out.toByteArray();
    }

    private void varint(long value) {
      long rest = value;
      while ((rest & ~LOW_BITS) != 0) {
        out.write((int) ((rest & LOW_BITS) | MORE));
        rest >>>= BITS;
      }
      out.write((int) rest);
    }
  }

  private static final class Reader {
    private final byte[] bytes;
    private int at;

    Reader(byte[] bytes) {
      this.bytes = bytes;
    }

    boolean hasNext() {
      return at < bytes.length;
    }

    long varint() {
      long value = 0;
      for (int shift = 0; shift < Long.SIZE; shift += BITS) {
        if (at == bytes.length) {
          throw truncated();
        }
        byte next = bytes[at++];
        value |= (long) (next & LOW_BITS) << shift;
        if (next >= 0) {
          return value;
        }
      }
      throw new IllegalArgumentException("request: a varint of more than 10 bytes");
    }

    byte[] bytes() {
      long length = varint();
      take(length);
      return Arrays.copyOfRange(bytes, at - (int) length, at);
    }

    void skip(int type) {
      switch (type) {
        case VARINT -> varint();
        case FIXED_64 -> take(Long.BYTES);
        case LENGTH_DELIMITED -> take(varint());
        case FIXED_32 -> take(Integer.BYTES);
        default -> throw new IllegalArgumentException("request: wire type " + type);
      }
    }

    private void take(long length) {
      if (length < 0 || length > bytes.length - at) {
        throw truncated();
      }
      at += (int) length;
    }

    private static IllegalArgumentException truncated() {
      return new IllegalArgumentException("request: ends too early");
    }
  }
}
