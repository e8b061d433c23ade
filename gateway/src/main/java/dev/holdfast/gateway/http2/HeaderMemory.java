package dev.holdfast.gateway.http2;

import dev.holdfast.core.Limit;
import dev.holdfast.gateway.limits.MemoryAccount;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * Charges the request headers of open streams to their client. Those of usual calls are free, and
 * so are remembered ones, which all calls of a connection share. On the connection's event loop.
 */
final class HeaderMemory {
  @Limit(
      of = "bytes of headers of one open call, as they are in memory, that nobody is charged for",
      then = "the client's account is charged for the rest until the call ends")
  static final int FREE_BYTES = 4_096;

  /** The objects of a field beside its text, which may be shared with HPACK's table. */
  private static final int FIELD_BYTES = 96;

  /** Factor from coded bytes to those of the text: Huffman coding saves at most so much. */
  private static final int TEXT_RATIO = 2;

  private HeaderMemory() {}

  /**
   * Charges the headers of a stream that was opened just now.
   *
   * @param blockBytes of the field block that they were decoded from
   */
  static void charge(
      FrameStream stream, Http2Headers headers, int blockBytes, MemoryAccount account) {
    int bytes = headers.size() * FIELD_BYTES + blockBytes * TEXT_RATIO - FREE_BYTES;
    if (bytes > 0) {
      stream.headerBytes = bytes;
      account.charge(bytes);
    }
  }

  /** The stream is over. */
  static void credit(FrameStream stream, MemoryAccount account) {
    if (stream.headerBytes > 0) {
      account.credit(stream.headerBytes);
      stream.headerBytes = 0;
    }
  }
}
