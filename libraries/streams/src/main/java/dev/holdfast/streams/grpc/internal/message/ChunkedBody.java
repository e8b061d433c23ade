package dev.holdfast.streams.grpc.internal.message;

import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.WireException;
import io.grpc.KnownLength;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The body of a large message that came, in arrays of {@link MessageChunkPool}. After {@link
 * #release} nothing of it is left, even if other threads still hold the object: a thread that
 * handles the message does.
 *
 * <p>Its arrays are used again when the marshaller has read them to the end: its streams hand out
 * copies only, so nothing can refer to the arrays then. A marshaller that reads later keeps them.
 * Not thread-safe.
 */
final class ChunkedBody implements ReceivedBody {
  /** The size from which on a message is kept in chunks, in bytes. */
  static final int LEAST_BYTES = MessageChunkPool.CHUNK_BYTES;

  private final MessageChunkPool pool;
  private final int offset;
  private final int sizeBytes;
  private byte @Nullable [][] chunks;
  private @Nullable Stream last;

  private ChunkedBody(MessageChunkPool pool, byte[][] chunks, int offset, int sizeBytes) {
    this.pool = pool;
    this.chunks = chunks;
    this.offset = offset;
    this.sizeBytes = sizeBytes;
  }

  /** Reads so many bytes, or fails when there are fewer. */
  static ChunkedBody read(InputStream stream, int sizeBytes, MessageChunkPool pool)
      throws IOException {
    byte[][] chunks = pool.take(sizeBytes);
    int readBytes = 0;
    for (byte[] chunk : chunks) {
      readBytes += stream.readNBytes(chunk, 0, chunk.length);
    }
    if (readBytes < sizeBytes) {
      throw new EOFException("message of " + sizeBytes + " bytes ended after " + readBytes);
    }
    return new ChunkedBody(pool, chunks, 0, sizeBytes);
  }

  @Override
  public @Nullable FrameHeader header() throws WireException {
    return FrameHeader.parse(present()[0], 0, Math.min(sizeBytes, MessageChunkPool.CHUNK_BYTES));
  }

  /** Returns the rest of this body, which must not be used any more. */
  @Override
  public ChunkedBody from(int begin) {
    ChunkedBody rest = new ChunkedBody(pool, present(), offset + begin, sizeBytes - begin);
    chunks = null;
    return rest;
  }

  @Override
  public void release() {
    byte[][] held = chunks;
    Stream read = last;
    chunks = null;
    last = null;
    if (held != null && read != null && read.left == 0) {
      read.end();
      pool.giveBack(held);
    }
  }

  @Override
  public int sizeBytes() {
    return sizeBytes;
  }

  /** The body as an input stream; at most one is open at a time. */
  @Override
  public InputStream stream() {
    last = new Stream(present(), offset, sizeBytes);
    return last;
  }

  @Override
  public byte[] toByteArray() {
    try (InputStream stream = new Stream(present(), offset, sizeBytes)) {
      return stream.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private byte[][] present() {
    return Objects.requireNonNull(chunks, "the body was released");
  }

  @Override
  public String toString() {
    return "ChunkedBody(" + sizeBytes + " bytes)";
  }

  private static final class Stream extends InputStream implements KnownLength {
    private byte[][] chunks;
    private int at;
    private int left;

    Stream(byte[][] chunks, int offset, int sizeBytes) {
      this.chunks = chunks;
      this.at = offset;
      this.left = sizeBytes;
    }

    void end() {
      chunks = new byte[0][];
    }

    @Override
    public int available() {
      return left;
    }

    @Override
    public int read() {
      if (left == 0) {
        return -1;
      }
      left--;
      byte[] chunk = chunks[at / MessageChunkPool.CHUNK_BYTES];
      return chunk[at++ % MessageChunkPool.CHUNK_BYTES] & 0xff;
    }

    @Override
    public int read(byte[] target, int targetOffset, int length) {
      Objects.checkFromIndexSize(targetOffset, length, target.length);
      if (left == 0) {
        return length == 0 ? 0 : -1;
      }
      int count = Math.min(length, left);
      int copied = 0;
      while (copied < count) {
        byte[] chunk = chunks[at / MessageChunkPool.CHUNK_BYTES];
        int from = at % MessageChunkPool.CHUNK_BYTES;
        int part = Math.min(count - copied, chunk.length - from);
        System.arraycopy(chunk, from, target, targetOffset + copied, part);
        copied += part;
        at += part;
      }
      left -= count;
      return count;
    }
  }
}
