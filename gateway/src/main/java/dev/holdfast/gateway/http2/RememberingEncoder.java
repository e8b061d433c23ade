package dev.holdfast.gateway.http2;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/**
 * Netty's encoder of headers, which keeps the bytes of those that are remembered. They stay right
 * as long as the table does not change; headers that change it make all others forgotten.
 */
final class RememberingEncoder extends DefaultHttp2HeadersEncoder {
  private static final Known[] NOTHING = {};

  private final int slots;
  private Known[] known = NOTHING;

  private record Known(Http2Headers headers, ByteBuf block) {}

  /**
   * Keeps headers that are secret, or always different, out of the peer's table.
   *
   * @param slots how many lists of headers are remembered; a power of two
   */
  RememberingEncoder(boolean ignoreMaxHeaderListSize, int slots) {
    super(Names.NEVER_INDEXED, ignoreMaxHeaderListSize);
    this.slots = slots;
  }

  @Override
  public void encodeHeaders(int streamId, Http2Headers headers, ByteBuf out) throws Http2Exception {
    boolean remembered = Head.isRemembered(headers);
    ByteBuf before = remembered ? find(headers) : null;
    if (before != null) {
      out.writeBytes(before, 0, before.readableBytes());
      return;
    }
    int from = out.writerIndex();
    super.encodeHeaders(streamId, headers, out);
    int end = out.writerIndex();
    if (!HeaderBlock.isSteady(out, from, end)) {
      known = NOTHING;
    } else if (remembered && end - from <= RememberingDecoder.MOST_BYTES) {
      byte[] block = ByteBufUtil.getBytes(out, from, end - from);
      remember(new Known(headers, Unpooled.wrappedBuffer(block)));
    }
  }

  @Override
  public void maxHeaderTableSize(long max) throws Http2Exception {
    known = NOTHING;
    super.maxHeaderTableSize(max);
  }

  @Override
  public void maxHeaderListSize(long max) throws Http2Exception {
    known = NOTHING;
    super.maxHeaderListSize(max);
  }

  private @Nullable ByteBuf find(Http2Headers headers) {
    if (known.length == 0) {
      return null;
    }
    Known there = known[slot(headers)];
    return there != null && there.headers == headers ? there.block : null;
  }

  private void remember(Known fresh) {
    if (known.length == 0) {
      known = new Known[slots];
    }
    known[slot(fresh.headers)] = fresh;
  }

  private int slot(Http2Headers headers) {
    return System.identityHashCode(headers) & (slots - 1);
  }
}
