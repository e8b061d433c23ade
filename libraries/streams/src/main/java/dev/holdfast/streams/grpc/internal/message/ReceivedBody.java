package dev.holdfast.streams.grpc.internal.message;

import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.WireException;
import org.jspecify.annotations.Nullable;

/** The body of a message that came, with a header at its beginning or without one. */
interface ReceivedBody extends StreamableBody {
  /**
   * The header at the beginning, if there is one.
   *
   * @throws WireException when there is one that makes no sense
   */
  @Nullable FrameHeader header() throws WireException;

  /**
   * The same bytes without the first ones, which are fewer than {@link
   * FrameHeader#LARGEST_HEADER_BYTES}.
   */
  ReceivedBody from(int begin);

  /** The application gets the message as soon as its thread comes to it: no copy is needed. */
  default void handOver() {}

  /** Copies what stands in the transport's buffers, unless it was handed over. */
  default void settle() {}

  /** Gives the bytes up: the message was parsed, and its body is not read again. */
  default void release() {}
}
