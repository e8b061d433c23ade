package dev.holdfast.transcoding.json;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A growable byte buffer to which the codec writes protobuf or JSON. Used by one thread at a time.
 * A buffer that is {@link #reset} for each message causes no allocation.
 *
 * <p>A length prefix is written after its content. One byte is reserved for it, and the content
 * moves when the prefix needs more. Writing backwards would avoid the move but reverse repeated
 * fields.
 */
public final class CodecBuffer {
  /** The default maximum size: 64 MiB. */
  public static final int DEFAULT_MAX_BYTES = 64 << 20;

  private static final int DEFAULT_INITIAL_BYTES = 512;

  /** A little-endian view of eight bytes. */
  static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  static final VarHandle SHORTS =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private final int maxBytes;
  byte[] bytes;
  int size;

  /** An empty buffer of at most {@value #DEFAULT_MAX_BYTES} bytes. */
  public CodecBuffer() {
    this(DEFAULT_INITIAL_BYTES, DEFAULT_MAX_BYTES);
  }

  /**
   * An empty buffer with given capacities.
   *
   * @param initialBytes the initial capacity, 0 or more
   * @param maxBytes the maximum size; writing more throws a {@link CodecException}
   */
  public CodecBuffer(int initialBytes, int maxBytes) {
    if (initialBytes < 0 || initialBytes > maxBytes) {
      throw new IllegalArgumentException(
          "initialBytes: " + initialBytes + " (expected: 0 to maxBytes, " + maxBytes + ")");
    }
    this.maxBytes = maxBytes;
    this.bytes = new byte[initialBytes];
  }

  /** The number of bytes held. */
  public int size() {
    return size;
  }

  /**
   * The backing array, whose first {@link #size} bytes are valid. The next write may replace it.
   */
  public byte[] array() {
    return bytes;
  }

  /** Clears the content and keeps the capacity. */
  public CodecBuffer reset() {
    size = 0;
    return this;
  }

  /** A copy of the content. */
  public byte[] toByteArray() {
    return Arrays.copyOf(bytes, size);
  }

  /** The content, not copied; valid until the next write. */
  public ByteBuffer asByteBuffer() {
    return ByteBuffer.wrap(bytes, 0, size);
  }

  /** Appends bytes as they are. */
  public void append(byte[] from, int offset, int length) throws CodecException {
    ensure(length);
    System.arraycopy(from, offset, bytes, size, length);
    size += length;
  }

  void ensure(int more) throws CodecException {
    if (bytes.length - size < more) {
      grow(more);
    }
  }

  private void grow(int more) throws CodecException {
    long needed = (long) size + more;
    // Room is asked for ahead, so that a little over the bound is given and not counted.
    if (size > maxBytes || needed > 2L * maxBytes + 64) {
      throw new CodecException("", "output of more than the " + maxBytes + " bytes allowed", -1);
    }
    bytes = Arrays.copyOf(bytes, (int) Math.max(needed, Math.min(2L * bytes.length, maxBytes)));
  }

  void put(byte one) throws CodecException {
    ensure(1);
    bytes[size++] = one;
  }

  void put(byte[] all) throws CodecException {
    append(all, 0, all.length);
  }

  void putFixed32(int value) throws CodecException {
    ensure(4);
    INTS.set(bytes, size, value);
    size += 4;
  }

  void putFixed64(long value) throws CodecException {
    ensure(8);
    LONGS.set(bytes, size, value);
    size += 8;
  }

  /** Writes a tag or another unsigned 32-bit number as a varint. */
  void putVarint32(int value) throws CodecException {
    ensure(5);
    if ((value & ~0x7f) == 0) {
      bytes[size++] = (byte) value;
      return;
    }
    int rest = value;
    while ((rest & ~0x7f) != 0) {
      bytes[size++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[size++] = (byte) rest;
  }

  void putVarint64(long value) throws CodecException {
    ensure(10);
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      bytes[size++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[size++] = (byte) rest;
  }

  /** Begins a length-delimited part; returns the start for {@link #close}. */
  int open() throws CodecException {
    ensure(1);
    return ++size;
  }

  /** Ends a length-delimited part; returns by how many bytes the content moved. */
  int close(int start) throws CodecException {
    int length = size - start;
    if (length < 0x80) {
      bytes[start - 1] = (byte) length;
      return 0;
    }
    int prefix = (38 - Integer.numberOfLeadingZeros(length)) / 7;
    ensure(prefix - 1);
    System.arraycopy(bytes, start, bytes, start + prefix - 1, length);
    int at = start - 1;
    int rest = length;
    while (rest >= 0x80) {
      bytes[at++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[at] = (byte) rest;
    size += prefix - 1;
    return prefix - 1;
  }
}
