package dev.holdfast.gateway.http2.codec;

import dev.holdfast.gateway.limits.MemoryAccount;
import io.netty.handler.codec.http2.Http2Stream.State;
import org.jspecify.annotations.Nullable;

/**
 * A stream of a {@link FrameConnection} (RFC 9113, 5.1), the same object from its first frame to
 * its last. Confined to the event loop of its connection.
 */
public abstract class CallStream {
  /** The consumer of the stream's frames; see {@link FrameConnection#attach}. */
  @Nullable Object taker;

  /**
   * The account that is charged for bytes read on the stream and not passed on yet; null for none.
   */
  @Nullable MemoryAccount account;

  CallStream() {}

  /** The stream identifier. */
  public abstract int id();

  public abstract State state();

  /** Whether headers were sent on the stream that are not informational. */
  public abstract boolean isHeadersSent();

  /** The bytes that were read on the stream and not given back yet. */
  public abstract int unreturnedBytes();

  /** Whether frames of the stream wait to be sent. */
  public abstract boolean isWaiting();

  /** The size of the DATA that waits to be sent, in bytes. */
  public abstract long waitingBytes();
}
