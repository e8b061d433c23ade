package dev.holdfast.gateway.http2;

import io.netty.handler.codec.http2.Http2Stream;

/**
 * A write that returns flow-control window: when the write ends, its bytes go back to the sender's
 * window on the other connection. Also after a failed write, since then the bytes are no longer
 * held.
 */
record BridgedWrite(FrameConnection source, Http2Stream stream, int bytes) implements Written {
  /** Whether both writes return bytes to the same stream. */
  boolean isOfSame(BridgedWrite other) {
    return source == other.source && stream == other.stream;
  }

  /** A single write of the bytes of both. */
  BridgedWrite with(BridgedWrite other) {
    return new BridgedWrite(source, stream, bytes + other.bytes);
  }

  @Override
  public void onWritten(boolean success) {
    source.giveBack(stream, bytes);
  }
}
