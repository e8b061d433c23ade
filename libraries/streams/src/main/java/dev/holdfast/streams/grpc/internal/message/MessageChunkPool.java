package dev.holdfast.streams.grpc.internal.message;

import dev.holdfast.core.annotation.Limit;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A free list of the arrays that large messages are read into. A new array for each message would
 * be zeroed first, and from half of a heap region on G1 counts it as humongous. Thread-safe.
 */
final class MessageChunkPool {
  static final int CHUNK_BYTES = 64 * 1024;

  @Limit(
      of = "arrays of 64 KiB that a process keeps for the next large messages",
      then = "the garbage collector gets them")
  static final int MOST_FREE = 64;

  private static final MessageChunkPool OF_PROCESS = new MessageChunkPool();

  // Guarded by itself.
  private final Deque<byte[]> free = new ArrayDeque<>();

  /** The one of this process. */
  static MessageChunkPool ofProcess() {
    return OF_PROCESS;
  }

  /** Arrays for so many bytes: whole chunks, and one array of the size of the rest. */
  byte[][] take(int sizeBytes) {
    int whole = sizeBytes / CHUNK_BYTES;
    int restBytes = sizeBytes % CHUNK_BYTES;
    byte[][] chunks = new byte[restBytes == 0 ? whole : whole + 1][];
    int reused = 0;
    synchronized (free) {
      while (reused < whole && !free.isEmpty()) {
        chunks[reused++] = free.pop();
      }
    }
    for (int i = reused; i < whole; i++) {
      chunks[i] = new byte[CHUNK_BYTES];
    }
    if (restBytes > 0) {
      chunks[whole] = new byte[restBytes];
    }
    return chunks;
  }

  /** Takes whole chunks back, which nobody may read or write from now on. */
  void giveBack(byte[][] chunks) {
    synchronized (free) {
      for (byte[] chunk : chunks) {
        if (chunk.length == CHUNK_BYTES && free.size() < MOST_FREE) {
          free.push(chunk);
        }
      }
    }
  }

  int freeChunks() {
    synchronized (free) {
      return free.size();
    }
  }
}
