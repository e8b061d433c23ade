package dev.holdfast.gateway.http2.codec;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.headers.ReceivedHeaders;
import dev.holdfast.gateway.http2.hpack.HpackHeadersEncoder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The header block cache in front of the HPACK encoder: it keeps the encoded bytes of cached
 * headers. They stay valid while the dynamic table does not change; headers that change it
 * invalidate all others.
 *
 * <p>Requests of many clients meet few upstream connections, and responses of few endpoints meet
 * many clients. So a request keeps its block for each upstream connection, and a client's
 * connection keeps the blocks of responses. Each has few of the other, and the cached blocks go
 * with the client.
 */
final class CachingHeadersEncoder extends HpackHeadersEncoder {
  @Limit(
      of = "encoded forms of answers that are kept for one client",
      then = "the one that was kept first is encoded again when it comes")
  static final int ANSWERS = 8;

  private static final int STATE_BITS = 40;
  private static final AtomicLong ENCODERS = new AtomicLong();
  private static final ReceivedHeaders[] NO_HEADS = {};

  private final boolean server;
  private final int mySlot;

  /** The state of this encoder's table, a number that is unique among all encoders and states. */
  private long state;

  /** The response headers whose blocks are cached; an array of their own makes the search fast. */
  private @Nullable ReceivedHeaders[] answers = NO_HEADS;

  private byte[] @Nullable [] blocks = {};
  private int next;

  /**
   * Creates an encoder that keeps secret and unrepeated headers out of the peer's table.
   *
   * @param server whether the encoder writes responses
   */
  CachingHeadersEncoder(boolean server) {
    // What a client says of its limit is advice (RFC 9113, 6.5.2); what a server says is kept.
    super(server);
    this.server = server;
    long number = ENCODERS.incrementAndGet();
    this.mySlot = (int) (number % ReceivedHeaders.ENCODED_FORMS);
    this.state = number << STATE_BITS;
  }

  @Override
  public void encodeHeaders(int streamId, Http2Headers headers, ByteBuf out) throws Http2Exception {
    ReceivedHeaders remembered =
        headers instanceof ReceivedHeaders receivedHeaders && receivedHeaders.isCached()
            ? receivedHeaders
            : null;
    byte[] before = remembered == null ? null : find(remembered);
    if (before != null) {
      out.writeBytes(before);
      return;
    }
    int from = out.writerIndex();
    long tableBefore = tableChanges();
    super.encodeHeaders(streamId, headers, out);
    int length = out.writerIndex() - from;
    if (tableChanges() != tableBefore) {
      forget();
    } else if (remembered != null && length <= CachingHeadersDecoder.MOST_BYTES) {
      keep(remembered, ByteBufUtil.getBytes(out, from, length));
    }
  }

  @Override
  public void maxHeaderTableSize(long max) throws Http2Exception {
    forget();
    super.maxHeaderTableSize(max);
  }

  @Override
  public void maxHeaderListSize(long max) throws Http2Exception {
    forget();
    super.maxHeaderListSize(max);
  }

  private void forget() {
    state++;
    answers = NO_HEADS;
    next = 0;
  }

  // Remembered headers are the same object; to compare what they say would cost more than to
  // encode.
  @SuppressWarnings("ReferenceEquality")
  private byte @Nullable [] find(ReceivedHeaders receivedHeaders) {
    if (!server) {
      return receivedHeaders.encodedIn(state, mySlot);
    }
    for (int i = 0; i < answers.length; i++) {
      if (answers[i] == receivedHeaders) {
        return blocks[i];
      }
    }
    return null;
  }

  private void keep(ReceivedHeaders receivedHeaders, byte[] block) {
    if (!server) {
      receivedHeaders.keep(new ReceivedHeaders.EncodedBlock(state, block), mySlot);
      return;
    }
    if (answers.length == 0) {
      answers = new ReceivedHeaders[ANSWERS];
      blocks = new byte[ANSWERS][];
    }
    answers[next] = receivedHeaders;
    blocks[next] = receivedHeaders.shared(block);
    next = (next + 1) % ANSWERS;
  }
}
