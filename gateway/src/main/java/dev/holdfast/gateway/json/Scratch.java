package dev.holdfast.gateway.json;

import dev.holdfast.core.Limit;
import dev.holdfast.transcoding.json.CodecBuffer;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;

/**
 * Room for one step of a translation, used again by the next one on the same event loop: whoever is
 * handed what stands in it has read it before anything else is translated there.
 */
final class Scratch {
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

  private Scratch() {}

  /** Gives up the room of this thread. */
  static void release() {
    BUFFER.remove();
  }

  /** An empty buffer. */
  static CodecBuffer buffer() {
    CodecBuffer kept = BUFFER.get();
    if (kept.array().length > KEPT_BYTES) {
      kept = new CodecBuffer();
      BUFFER.set(kept);
    }
    return kept.reset();
  }

  /** An array that begins with the readable bytes, which stay so. */
  static byte[] chunk(ByteBuf data) {
    int bytes = data.readableBytes();
    byte[] chunk = bytes <= CHUNK_BYTES ? CHUNK.get() : new byte[bytes];
    data.getBytes(data.readerIndex(), chunk, 0, bytes);
    return chunk;
  }
}
