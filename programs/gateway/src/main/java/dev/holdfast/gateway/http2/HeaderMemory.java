package dev.holdfast.gateway.http2;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.limits.MemoryAccount;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * The memory charge for request headers of open streams, to the account of their client. The
 * headers of usual calls are free, and so are cached ones, which the calls of a connection share.
 * Confined to the connection's event loop.
 */
final class HeaderMemory {
  @Limit(
      of = "bytes of headers of one open call, as they are in memory, that nobody is charged for",
      then = "the client's account is charged for the rest until the call ends")
  static final int FREE_BYTES = 4_096;

  /** The size of a field's objects without its text, which may be shared with HPACK's table. */
  private static final int FIELD_BYTES = 96;

  /** The ratio of text to encoded bytes: Huffman coding saves at most about half. */
  private static final int TEXT_RATIO = 2;

  private HeaderMemory() {}

  /**
   * Charges the headers of a stream that was opened just now.
   *
   * @param blockBytes the size of the header block
   */
  static void charge(
      OpenedStream opened, Http2Headers headers, int blockBytes, MemoryAccount account) {
    int bytes = headers.size() * FIELD_BYTES + blockBytes * TEXT_RATIO - FREE_BYTES;
    if (bytes > 0) {
      opened.headerBytes = bytes;
      account.charge(bytes);
    }
  }

  /** Credits the headers of a closed stream. */
  static void credit(OpenedStream opened, MemoryAccount account) {
    if (opened.headerBytes > 0) {
      account.credit(opened.headerBytes);
      opened.headerBytes = 0;
    }
  }
}
