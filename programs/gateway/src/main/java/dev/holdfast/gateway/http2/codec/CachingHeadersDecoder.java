package dev.holdfast.gateway.http2.codec;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.headers.ReceivedHeaders;
import dev.holdfast.gateway.http2.hpack.HpackHeadersDecoder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/**
 * The header block cache in front of the HPACK decoder: most calls of a client differ only in their
 * body. Equal bytes mean equal headers while the dynamic table does not change (RFC 7541, 2.2). A
 * block that changes the table empties the cache.
 */
final class CachingHeadersDecoder extends HpackHeadersDecoder {
  /** The longest block that is cached. */
  @Limit(
      of = "a block of headers over HTTP/2 that is kept to be known again",
      then = "a larger one is decoded, or encoded, each time")
  static final int MOST_BYTES = 512;

  /** The switch of the cache, for measurements: {@code bench/run gateway --parts 1}. */
  private static final boolean REMEMBERS =
      !"false".equals(System.getProperty("holdfast.gateway.header-cache"));

  private static final @Nullable CachedHeaderBlock[] NOTHING = {};

  private final int most;
  private @Nullable CachedHeaderBlock[] known = NOTHING;
  private int last;
  private int blockBytes;
  private Object owner = this;

  /** The headers that are being decoded, or whose decoding failed; null for none. */
  private @Nullable ReceivedHeaders started;

  /**
   * Creates a decoder that validates headers.
   *
   * @param most blocks in the cache
   */
  CachingHeadersDecoder(long maxHeaderListSize, int most) {
    super(maxHeaderListSize, Math.max(maxHeaderListSize, LimitedHeadersDecoder.REFUSABLE_BYTES));
    this.most = most;
  }

  /** Sets the owner of the headers; see {@link CachedHeaderBlock#of}. */
  void owner(Object whose) {
    owner = whose;
  }

  /** The size of the block that was decoded last. */
  int blockBytes() {
    return blockBytes;
  }

  @Override
  public Http2Headers decodeHeaders(int streamId, ByteBuf block) throws Http2Exception {
    ReceivedHeaders before = find(block, block.readerIndex(), block.readableBytes());
    if (before != null) {
      block.skipBytes(block.readableBytes());
      return before;
    }
    int from = block.readerIndex();
    int length = block.readableBytes();
    blockBytes = length;
    long tableBefore = tableChanges();
    Http2Headers headers;
    try {
      headers = decode(streamId, block);
    } finally {
      if (!REMEMBERS || tableChanges() != tableBefore) {
        forget();
      }
    }
    if (REMEMBERS
        && tableChanges() == tableBefore
        && length <= MOST_BYTES
        && headers instanceof ReceivedHeaders receivedHeaders) {
      CachedHeaderBlock fresh =
          CachedHeaderBlock.of(ByteBufUtil.getBytes(block, from, length), receivedHeaders, owner);
      remember(fresh);
      return fresh.receivedHeaders();
    }
    return headers;
  }

  private Http2Headers decode(int streamId, ByteBuf block) throws Http2Exception {
    try {
      return super.decodeHeaders(streamId, block);
    } catch (Http2Exception.StreamException e) {
      throw RejectedHeadersException.streamError(e, started);
    } finally {
      started = null;
    }
  }

  @Override
  public void maxHeaderTableSize(long max) throws Http2Exception {
    forget();
    super.maxHeaderTableSize(max);
  }

  @Override
  public void maxHeaderListSize(long max, long goAwayMax) throws Http2Exception {
    forget();
    super.maxHeaderListSize(max, Math.max(goAwayMax, LimitedHeadersDecoder.REFUSABLE_BYTES));
  }

  @Override
  protected ReceivedHeaders newHeaders(int sizeHint) {
    ReceivedHeaders receivedHeaders = new ReceivedHeaders(false, false, sizeHint);
    started = receivedHeaders;
    return receivedHeaders;
  }

  /** The cached headers of this block; null when it is not cached. */
  @Nullable ReceivedHeaders find(ByteBuf in, int at, int length) {
    for (int i = 0; i < known.length; i++) {
      CachedHeaderBlock each = known[i];
      if (each != null && each.isAt(in, at, length)) {
        return each.receivedHeaders();
      }
    }
    return null;
  }

  private void remember(CachedHeaderBlock fresh) {
    if (known.length == 0) {
      known = new CachedHeaderBlock[most];
    }
    last = (last + 1) % most;
    known[last] = fresh;
  }

  private void forget() {
    known = NOTHING;
  }
}
