package dev.holdfast.gateway.http2.codec;

/**
 * A write that returns flow-control window: when the write ends, its bytes go back to the sender's
 * window on the other connection. Also after a failed write, since then the bytes are no longer
 * held.
 */
record WindowCredit(FrameConnection source, CallStream stream, int bytes) implements WriteListener {
  /** Whether both writes return bytes to the same stream. */
  boolean isOfSame(WindowCredit other) {
    return source == other.source && stream == other.stream;
  }

  /** A single write of the bytes of both. */
  WindowCredit with(WindowCredit other) {
    return new WindowCredit(source, stream, bytes + other.bytes);
  }

  @Override
  public void onWritten(boolean success) {
    source.giveBack(stream, bytes);
  }
}
