package dev.holdfast.gateway.gzip;

import java.util.zip.CRC32;

/**
 * The body of a stream as one member of gzip, of which each part can be read when it has come. For
 * one body and one thread.
 *
 * <p>Keeps a checksum only: parts are compressed by themselves with the thread's deflater, as their
 * blocks refer to none before. A deflater of its own would cost each stream a quarter of a megabyte
 * of native memory for as long as it lasts.
 */
public final class GzipStream {
  private static final int HEADER_BYTES = 10;
  private static final int TRAILER_BYTES = 8;
  private static final int STORED_BLOCK_BYTES = 65_535;
  private static final int STORED_HEAD_BYTES = 5;

  /** An empty block that is the last. */
  private static final byte[] LAST_BLOCK = {3, 0};

  private final CRC32 checksum = new CRC32();
  private long length;
  private boolean begun;

  /** The next part of the body, completely flushed in the result; empty for an empty part. */
  public byte[] part(byte[] bytes) {
    if (bytes.length == 0) {
      return bytes;
    }
    checksum.update(bytes);
    length += bytes.length;
    GzipDeflater deflater = GzipDeflater.ofThread();
    byte[] body =
        deflater.hasTimeFor(bytes.length)
            ? deflater.deflated(bytes, 0, bytes.length, false)
            : stored(bytes);
    if (begun) {
      return body;
    }
    begun = true;
    byte[] first = new byte[HEADER_BYTES + body.length];
    GzipDeflater.header(first);
    System.arraycopy(body, 0, first, HEADER_BYTES, body.length);
    return first;
  }

  /** The last part, which may be empty, and the end. */
  public byte[] end(byte[] bytes) {
    byte[] part = part(bytes);
    int head = begun ? 0 : HEADER_BYTES;
    byte[] end = new byte[head + part.length + LAST_BLOCK.length + TRAILER_BYTES];
    if (head > 0) {
      GzipDeflater.header(end);
    }
    System.arraycopy(part, 0, end, head, part.length);
    System.arraycopy(LAST_BLOCK, 0, end, head + part.length, LAST_BLOCK.length);
    GzipDeflater.trailer(end, end.length - TRAILER_BYTES, checksum, length);
    return end;
  }

  /** Frames bytes as stored, uncompressed deflate blocks. */
  private static byte[] stored(byte[] bytes) {
    int blocks = (bytes.length + STORED_BLOCK_BYTES - 1) / STORED_BLOCK_BYTES;
    byte[] out = new byte[bytes.length + blocks * STORED_HEAD_BYTES];
    int at = 0;
    for (int from = 0; from < bytes.length; from += STORED_BLOCK_BYTES) {
      int size = Math.min(STORED_BLOCK_BYTES, bytes.length - from);
      out[at + 1] = (byte) size;
      out[at + 2] = (byte) (size >>> 8);
      out[at + 3] = (byte) ~size;
      out[at + 4] = (byte) (~size >>> 8);
      System.arraycopy(bytes, from, out, at + STORED_HEAD_BYTES, size);
      at += STORED_HEAD_BYTES + size;
    }
    return out;
  }
}
