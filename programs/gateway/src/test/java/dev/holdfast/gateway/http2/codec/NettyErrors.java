package dev.holdfast.gateway.http2.codec;

import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Stream;

/** Errors of Netty's codec, as they are to be compared with those of ours. */
final class NettyErrors {
  private NettyErrors() {}

  /** Netty blames headers that follow END_STREAM for their number (but: RFC 9113, 5.1). */
  static Http2Exception.StreamException judged(
      Http2Exception.StreamException e, Http2Connection connection) {
    Http2Stream stream = connection.stream(e.streamId());
    boolean tooMany = String.valueOf(e.getMessage()).contains("received too many headers");
    boolean ended = stream != null && stream.state() == Http2Stream.State.HALF_CLOSED_REMOTE;
    return tooMany && ended
        ? (Http2Exception.StreamException)
            Http2Exception.streamError(e.streamId(), Http2Error.STREAM_CLOSED, "ended")
        : e;
  }

  /** The words of the first cause. */
  static String rootMessage(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage());
  }
}
