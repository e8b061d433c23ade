package dev.holdfast.gateway.http2;

import io.netty.handler.codec.http2.Http2Stream;

/**
 * The bridge between two windows: a write to one side that gives its bytes back to the sender on
 * the other when it is done, and also when it failed, since then nobody keeps them.
 */
record BridgedWrite(FrameConnection source, Http2Stream stream, int bytes) implements Written {
  /** Whether both give bytes back to the same sender. */
  boolean isOfSame(BridgedWrite other) {
    return source == other.source && stream == other.stream;
  }

  /** One write of the bytes of both. */
  BridgedWrite with(BridgedWrite other) {
    return new BridgedWrite(source, stream, bytes + other.bytes);
  }

  @Override
  public void onWritten(boolean success) {
    source.giveBack(stream, bytes);
  }
}
