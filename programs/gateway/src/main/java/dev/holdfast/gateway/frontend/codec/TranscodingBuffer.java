package dev.holdfast.gateway.frontend.codec;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.transcoding.json.CodecBuffer;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;

/**
 * A buffer per event loop for one translation step, reused by the next step. The receiver of its
 * content must read it before the thread translates anything else.
 */
public final class TranscodingBuffer {
  @Limit(
      of = "bytes of room for translations that each thread of the gateway keeps",
      then = "it is made anew for the next message")
  static final int KEPT_BYTES = 1_048_576;

  private static final int CHUNK_BYTES = 16_384;

  private static final FastThreadLocal<CodecBuffer> BUFFER =
      new FastThreadLocal<>() {
        @Override
        protected CodecBuffer initialValue() {
          return new CodecBuffer();
        }
      };

  private static final FastThreadLocal<byte[]> CHUNK =
      new FastThreadLocal<>() {
        @Override
        protected byte[] initialValue() {
          return new byte[CHUNK_BYTES];
        }
      };

  private TranscodingBuffer() {}

  /** Releases the buffer of this thread. */
  public static void release() {
    BUFFER.remove();
  }

  /** The empty buffer of this thread. */
  public static CodecBuffer buffer() {
    CodecBuffer kept = BUFFER.get();
    if (kept.array().length > KEPT_BYTES) {
      kept = new CodecBuffer();
      BUFFER.set(kept);
    }
    return kept.reset();
  }

  /**
   * An array that starts with the readable bytes, whose reader index is not moved. Valid until the
   * next call on this thread.
   */
  static byte[] chunk(ByteBuf data) {
    int bytes = data.readableBytes();
    byte[] chunk = bytes <= CHUNK_BYTES ? CHUNK.get() : new byte[bytes];
    data.getBytes(data.readerIndex(), chunk, 0, bytes);
    return chunk;
  }
}
