package dev.holdfast.gateway.http2.codec;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.headers.ReceivedHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/**
 * Netty's HPACK decoder with a limit of header lists that costs one request: a list above it is
 * read to its end, and the failure tells whether the request was gRPC.
 */
final class LimitedHeadersDecoder extends DefaultHttp2HeadersDecoder {
  @Limit(
      of = "bytes of one block of headers over HTTP/2 that are read although they are too many",
      then = "the connection is closed; below, the request is answered with 431 and others go on")
  static final int REFUSABLE_BYTES = 65_536;

  private int blockBytes;

  /** The headers that are being decoded, or whose decoding failed; null for none. */
  private @Nullable ReceivedHeaders started;

  /** Creates a decoder that validates headers. */
  LimitedHeadersDecoder(long maxHeaderListSize) {
    super(true, maxHeaderListSize);
    try {
      maxHeaderListSize(maxHeaderListSize, maxHeaderListSize);
    } catch (Http2Exception e) {
      throw new IllegalArgumentException("maxHeaderListSize: " + maxHeaderListSize, e);
    }
  }

  /** The size of the block that was decoded last. */
  int blockBytes() {
    return blockBytes;
  }

  @Override
  public Http2Headers decodeHeaders(int streamId, ByteBuf block) throws Http2Exception {
    blockBytes = block.readableBytes();
    try {
      return super.decodeHeaders(streamId, block);
    } catch (Http2Exception.StreamException e) {
      throw RejectedHeadersException.streamError(e, started);
    } finally {
      started = null;
    }
  }

  @Override
  public void maxHeaderListSize(long max, long goAwayMax) throws Http2Exception {
    super.maxHeaderListSize(max, Math.max(goAwayMax, REFUSABLE_BYTES));
  }

  @Override
  protected Http2Headers newHeaders() {
    ReceivedHeaders receivedHeaders =
        new ReceivedHeaders(validateHeaders(), validateHeaderValues(), numberOfHeadersGuess());
    started = receivedHeaders;
    return receivedHeaders;
  }
}
