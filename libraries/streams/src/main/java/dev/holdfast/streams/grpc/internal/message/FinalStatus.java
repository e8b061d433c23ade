package dev.holdfast.streams.grpc.internal.message;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.streams.Payload;
import io.grpc.Metadata;
import io.grpc.Status;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A status with its trailers, as the body of the final frame. The code stands in the frame's
 * header; the bytes are protobuf:
 *
 * <pre>
 * message FinalStatus {
 *   string description = 1;
 *   repeated Entry trailers = 2;   // Entry { string key = 1; bytes value = 2; }
 * }
 * </pre>
 *
 * <p>Immutable. On the way through a session in one process it stays what it is and keeps the cause
 * of a status.
 */
public final class FinalStatus implements Payload {
  @Limit(of = "entries of the trailers of a final status", then = "the rest is dropped")
  static final int MAX_ENTRIES = 256;

  private static final int DESCRIPTION = 1;
  private static final int TRAILER = 2;
  private static final int KEY = 1;
  private static final int VALUE = 2;
  private static final int LENGTH_DELIMITED = 2;
  private static final int VARINT_BITS = 7;
  private static final int VARINT_MORE = 0x80;
  private static final int LAST_SHIFT = 28;

  private final Status status;
  private final Metadata trailers;
  private byte @Nullable [] encoded;

  public FinalStatus(Status status, Metadata trailers) {
    this.status = status;
    this.trailers = trailers;
  }

  /** Decodes a payload into a status; the code alone when the payload is unreadable. */
  public static FinalStatus of(int code, Payload payload) {
    if (payload instanceof FinalStatus known) {
      return known;
    }
    Status status = Status.fromCodeValue(code);
    Metadata trailers = new Metadata();
    try {
      Reader in = new Reader(payload.toByteArray());
      while (in.next()) {
        if (in.field == DESCRIPTION) {
          status = status.withDescription(text(in.value));
        } else if (in.field == TRAILER) {
          readEntry(new Reader(in.value), trailers);
        }
      }
    } catch (IllegalArgumentException e) {
      // The status counts whatever stands beside it.
      trailers = new Metadata();
      status = status.withDescription("trailers: unreadable (" + e.getMessage() + ")");
    }
    return new FinalStatus(status, trailers);
  }

  public Status status() {
    return status;
  }

  public Metadata trailers() {
    Metadata copy = new Metadata();
    copy.merge(trailers);
    return copy;
  }

  @Override
  public int sizeBytes() {
    return toByteArray().length;
  }

  @Override
  public byte[] toByteArray() {
    byte[] bytes = encoded;
    if (bytes == null) {
      bytes = encode();
      encoded = bytes;
    }
    return bytes;
  }

  @Override
  public String toString() {
    return status.toString();
  }

  private byte[] encode() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    if (status.getDescription() != null) {
      write(out, DESCRIPTION, status.getDescription().getBytes(StandardCharsets.UTF_8));
    }
    int entries = 0;
    for (String name : trailers.keys()) {
      for (byte[] value : valuesOf(name)) {
        if (++entries > MAX_ENTRIES) {
          return out.toByteArray();
        }
        ByteArrayOutputStream entry = new ByteArrayOutputStream();
        write(entry, KEY, name.getBytes(StandardCharsets.US_ASCII));
        write(entry, VALUE, value);
        write(out, TRAILER, entry.toByteArray());
      }
    }
    return out.toByteArray();
  }

  private Iterable<byte[]> valuesOf(String name) {
    java.util.List<byte[]> values = new java.util.ArrayList<>();
    if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
      Iterable<byte[]> all = trailers.getAll(binary(name));
      if (all != null) {
        all.forEach(values::add);
      }
    } else {
      Iterable<String> all = trailers.getAll(ascii(name));
      if (all != null) {
        all.forEach(value -> values.add(value.getBytes(StandardCharsets.US_ASCII)));
      }
    }
    return values;
  }

  private static void readEntry(Reader in, Metadata trailers) {
    String name = "";
    byte[] value = new byte[0];
    while (in.next()) {
      if (in.field == KEY) {
        name = text(in.value);
      } else if (in.field == VALUE) {
        value = in.value;
      }
    }
    if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
      trailers.put(binary(name), value);
    } else {
      trailers.put(ascii(name), text(value));
    }
  }

  private static Metadata.Key<byte[]> binary(String name) {
    return Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER);
  }

  private static Metadata.Key<String> ascii(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static void write(ByteArrayOutputStream out, int field, byte[] value) {
    out.write(field << 3 | LENGTH_DELIMITED);
    int rest = value.length;
    while (rest >= VARINT_MORE) {
      out.write(rest | VARINT_MORE);
      rest >>>= VARINT_BITS;
    }
    out.write(rest);
    out.writeBytes(value);
  }

  /** Length-delimited fields, one after the other. */
  private static final class Reader {
    private final byte[] bytes;
    private int at;
    private int field;
    private byte[] value = new byte[0];

    Reader(byte[] bytes) {
      this.bytes = bytes;
    }

    boolean next() {
      if (at == bytes.length) {
        return false;
      }
      int key = bytes[at++];
      int length = length();
      if ((key & VARINT_BITS) != LENGTH_DELIMITED || length < 0 || length > bytes.length - at) {
        throw new IllegalArgumentException("no field at byte " + at);
      }
      field = key >>> 3;
      value = java.util.Arrays.copyOfRange(bytes, at, at + length);
      at += length;
      return true;
    }

    private int length() {
      int length = 0;
      for (int shift = 0; shift <= LAST_SHIFT && at < bytes.length; shift += VARINT_BITS) {
        int next = bytes[at++];
        length |= (next & (VARINT_MORE - 1)) << shift;
        if (next >= 0) {
          return length;
        }
      }
      throw new IllegalArgumentException("no length at byte " + at);
    }
  }
}
