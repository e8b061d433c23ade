package dev.holdfast.gateway.gzip;

import dev.holdfast.core.annotation.Limit;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * Gzip compressor of messages with a byte budget per thread and second. Callers send the message
 * uncompressed when {@link #mayDeflate} is false.
 *
 * <p>Each thread has one native deflater. No message or stream holds a deflater of its own.
 */
public final class GzipDeflater {
  @Limit(
      of = "bytes of an answer, or of its first message, that the gateway compresses, at least",
      then = "it goes as it is")
  public static final int LEAST_BYTES = 1_024;

  @Limit(of = "bytes of one message that the gateway compresses", then = "it goes as it is")
  public static final int MOST_BYTES = 1_048_576;

  @Limit(
      of = "bytes that each thread of the gateway compresses in a second",
      then = "further answers go as they are")
  static final int BYTES_PER_SECOND = 16_777_216;

  private static final long SECOND_NANOS = 1_000_000_000;
  private static final int HEADER_BYTES = 10;
  private static final int TRAILER_BYTES = 8;
  private static final byte MAGIC_1 = 0x1f;
  private static final byte MAGIC_2 = (byte) 0x8b;
  private static final byte DEFLATE = 8;
  private static final byte UNKNOWN_SYSTEM = (byte) 255;
  private static final int ROOM_BESIDES = 64;

  private static final FastThreadLocal<GzipDeflater> OF_THREAD =
      new FastThreadLocal<>() {
        @Override
        protected GzipDeflater initialValue() {
          return new GzipDeflater();
        }

        @Override
        protected void onRemoval(GzipDeflater value) {
          value.deflater.end();
        }
      };

  /**
   * Uses the fastest level. An event loop serves other clients, and higher levels gain little on
   * messages.
   */
  private final Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);

  private long budget = BYTES_PER_SECOND;
  private long budgetNanos = System.nanoTime();

  private GzipDeflater() {}

  /** The compressor of the current thread. */
  public static GzipDeflater ofThread() {
    return OF_THREAD.get();
  }

  /** Whether a message is large enough for compression and within the thread's budget. */
  public boolean mayDeflate(int bytes) {
    return bytes >= LEAST_BYTES && hasTimeFor(bytes);
  }

  /** Whether a message is within the size limit and the thread's budget. */
  boolean hasTimeFor(int bytes) {
    if (bytes > MOST_BYTES) {
      return false;
    }
    long now = System.nanoTime();
    long passed = Math.min(SECOND_NANOS, now - budgetNanos);
    budgetNanos = now;
    budget = Math.min(BYTES_PER_SECOND, budget + passed * BYTES_PER_SECOND / SECOND_NANOS);
    return bytes <= budget;
  }

  /** Compresses bytes to one complete gzip member in a new array. */
  public byte[] deflate(byte[] bytes, int offset, int length) {
    byte[] body = deflated(bytes, offset, length, true);
    byte[] whole = new byte[HEADER_BYTES + body.length + TRAILER_BYTES];
    header(whole);
    System.arraycopy(body, 0, whole, HEADER_BYTES, body.length);
    CRC32 checksum = new CRC32();
    checksum.update(bytes, offset, length);
    trailer(whole, whole.length - TRAILER_BYTES, checksum, length);
    return whole;
  }

  /**
   * Compresses bytes to raw deflate blocks that end on a byte boundary and refer to no earlier
   * data.
   *
   * @param last whether the blocks end the deflate stream
   */
  byte[] deflated(byte[] bytes, int offset, int length, boolean last) {
    budget -= length;
    deflater.reset();
    deflater.setInput(bytes, offset, length);
    int flush = last ? Deflater.NO_FLUSH : Deflater.SYNC_FLUSH;
    if (last) {
      deflater.finish();
    }
    byte[] out = new byte[length / 2 + ROOM_BESIDES];
    int size = 0;
    while (true) {
      size += deflater.deflate(out, size, out.length - size, flush);
      if (size < out.length) {
        break;
      }
      out = Arrays.copyOf(out, 2 * out.length);
    }
    deflater.reset();
    return Arrays.copyOf(out, size);
  }

  static void header(byte[] out) {
    out[0] = MAGIC_1;
    out[1] = MAGIC_2;
    out[2] = DEFLATE;
    out[HEADER_BYTES - 1] = UNKNOWN_SYSTEM;
  }

  static void trailer(byte[] out, int at, CRC32 checksum, long length) {
    long numbers = (checksum.getValue() & 0xFFFF_FFFFL) | length << 32;
    for (int i = 0; i < TRAILER_BYTES; i++) {
      out[at + i] = (byte) (numbers >>> (8 * i));
    }
  }
}
