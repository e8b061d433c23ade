package dev.holdfast.gateway.http2;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/**
 * Netty's decoder of headers, which looks first whether the same bytes came lately: most calls of a
 * client differ in nothing but their body. Bytes mean the same as long as the table does not change
 * (RFC 7541, 2.2); a block that changes it makes all others forgotten.
 */
final class RememberingDecoder extends DefaultHttp2HeadersDecoder {
  /** Longer blocks are decoded each time. */
  static final int MOST_BYTES = 512;

  private static final Known[] NOTHING = {};

  private final int most;
  private Known[] known = NOTHING;
  private int last;

  private record Known(ByteBuf block, Head head) {}

  /**
   * Validates what it decodes.
   *
   * @param most how many blocks are remembered
   */
  RememberingDecoder(long maxHeaderListSize, int most) {
    super(true, maxHeaderListSize);
    this.most = most;
  }

  @Override
  public Http2Headers decodeHeaders(int streamId, ByteBuf block) throws Http2Exception {
    Head before = find(block);
    if (before != null) {
      block.skipBytes(block.readableBytes());
      return before;
    }
    int length = block.readableBytes();
    if (!HeaderBlock.isSteady(block, block.readerIndex(), block.writerIndex())) {
      forget();
      return super.decodeHeaders(streamId, block);
    }
    if (length > MOST_BYTES) {
      return super.decodeHeaders(streamId, block);
    }
    byte[] bytes = ByteBufUtil.getBytes(block);
    Http2Headers headers = super.decodeHeaders(streamId, block);
    if (headers instanceof Head head) {
      head.remember();
      remember(new Known(Unpooled.wrappedBuffer(bytes), head));
    }
    return headers;
  }

  @Override
  public void maxHeaderTableSize(long max) throws Http2Exception {
    forget();
    super.maxHeaderTableSize(max);
  }

  @Override
  public void maxHeaderListSize(long max, long goAwayMax) throws Http2Exception {
    forget();
    super.maxHeaderListSize(max, goAwayMax);
  }

  @Override
  protected Http2Headers newHeaders() {
    return new Head(validateHeaders(), validateHeaderValues(), numberOfHeadersGuess());
  }

  private @Nullable Head find(ByteBuf block) {
    for (int i = 0; i < known.length; i++) {
      Known each = known[i];
      if (each != null && ByteBufUtil.equals(each.block, block)) {
        return each.head;
      }
    }
    return null;
  }

  private void remember(Known fresh) {
    if (known.length == 0) {
      known = new Known[most];
    }
    last = (last + 1) % most;
    known[last] = fresh;
  }

  private void forget() {
    known = NOTHING;
  }
}
