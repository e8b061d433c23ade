package dev.holdfast.transcoding.json;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Bytes that grow at their end: where the codec writes protobuf or JSON. Used by one thread at a
 * time; made once and {@link #reset} for each message, it allocates nothing.
 *
 * <p>A length prefix is written after its content: one byte is kept free for it, and the content
 * moves when it takes more. Writing backwards would spare the move, but turns the elements of
 * repeated fields round.
 */
public final class CodecBuffer {
  /** The most that a buffer holds unless another bound is said: 64 MiB. */
  public static final int DEFAULT_MAX_BYTES = 64 << 20;

  private static final int DEFAULT_INITIAL_BYTES = 512;

  /** Eight bytes at once, the first one lowest. */
  static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  static final VarHandle SHORTS =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private final int maxBytes;
  byte[] bytes;
  int size;

  /** An empty buffer of {@value #DEFAULT_MAX_BYTES} bytes at most. */
  public CodecBuffer() {
    this(DEFAULT_INITIAL_BYTES, DEFAULT_MAX_BYTES);
  }

  /**
   * An empty buffer.
   *
   * @param initialBytes the room it begins with, 0 and more
   * @param maxBytes the most it will hold; what needs more is refused with a {@link CodecException}
   */
  public CodecBuffer(int initialBytes, int maxBytes) {
    if (initialBytes < 0 || initialBytes > maxBytes) {
      throw new IllegalArgumentException(
          "initialBytes: " + initialBytes + " (expected: 0 to maxBytes, " + maxBytes + ")");
    }
    this.maxBytes = maxBytes;
    this.bytes = new byte[initialBytes];
  }

  /** Bytes held. */
  public int size() {
    return size;
  }

  /** The array whose first {@link #size} bytes count; another one after the next write. */
  public byte[] array() {
    return bytes;
  }

  /** Forgets the content and keeps the room. */
  public CodecBuffer reset() {
    size = 0;
    return this;
  }

  /** A copy of the content. */
  public byte[] toByteArray() {
    return Arrays.copyOf(bytes, size);
  }

  /** The content, not copied; it changes with the next write. */
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

  /** A tag or any other unsigned number of 32 bits. */
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

  /** Begins a part with a length before it; {@link #close} is given what this returns. */
  int open() throws CodecException {
    ensure(1);
    return ++size;
  }

  /** Ends it, and returns by how much the content moved. */
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
