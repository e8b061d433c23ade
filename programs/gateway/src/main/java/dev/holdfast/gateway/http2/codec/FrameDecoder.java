package dev.holdfast.gateway.http2.codec;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.limits.MetLimit;
import dev.holdfast.gateway.socket.GatewayEpollIoHandler;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DecoratingHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Connection.PropertyKey;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.codec.http2.Http2HeadersEncoder;
import io.netty.handler.codec.http2.Http2LifecycleManager;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The frame decoder: the limits of frames, and the fast path for those of calls, around Netty's
 * decoder. All other frames, and all malformed ones, go to Netty's decoder, as whole frames.
 */
final class FrameDecoder extends DecoratingHttp2ConnectionDecoder {
  @Limit(
      of = "empty DATA frames in a row of a client's connection, or of one answer of an upstream",
      then =
          "the connection of the client, or the stream of the answer, ends with ENHANCE_YOUR_CALM")
  static final int MAX_EMPTY_DATA = 10;

  static final int HEAD_BYTES = 9;
  static final int TYPE_OFFSET = 3;
  static final int FLAGS_OFFSET = 4;
  static final int STREAM_OFFSET = 5;

  /** The initial SETTINGS_MAX_FRAME_SIZE (RFC 9113, 6.5.2), which the gateway leaves as it is. */
  private static final int LARGEST_PAYLOAD_BYTES = 16_384;

  static final int END_STREAM = 1;
  private static final int ACK = 1;
  private static final int END_HEADERS = 4;
  private static final int PADDED = 8;
  private static final int PRIORITY = 32;
  private static final int SETTING_BYTES = 6;

  private final Http2HeadersEncoder.Configuration headersEncoder;
  private final FrameTimer timer;
  private final TurnBudget budget;
  private final @Nullable FastPath fast;
  private final boolean server;
  private final ControlFrameFloodDetector control;
  private boolean prefaced;
  private boolean blockOpen;
  private boolean blockEnds;
  private boolean failed;
  private int emptyFrames;

  /** The key of the empty DATA frames in a row of a stream to an upstream; null for a client. */
  private final @Nullable PropertyKey emptyOfStream;

  /** Whether any stream to the upstream had empty DATA, so that others are looked up. */
  private boolean emptySeen;

  /**
   * Creates the limits, and a fast path, around a decoder.
   *
   * @param headersEncoder of the connection, which has to follow the peer's table size
   * @param timer bounds the time for a frame or header block
   * @param budget of each turn; frames beyond it stay in the buffer
   * @param control of the frames that carry no call; the encoder reports DATA to it
   * @param fast null where every frame goes to the delegate
   */
  FrameDecoder(
      Http2ConnectionDecoder delegate,
      Http2HeadersEncoder.Configuration headersEncoder,
      FrameTimer timer,
      TurnBudget budget,
      ControlFrameFloodDetector control,
      @Nullable FastPath fast) {
    super(delegate);
    this.control = control;
    this.headersEncoder = headersEncoder;
    this.timer = timer;
    this.budget = budget;
    this.fast = fast;
    this.server = delegate.connection().isServer();
    this.emptyOfStream = server ? null : delegate.connection().newKey();
  }

  /** The budget for the frames of one turn. */
  TurnBudget budget() {
    return budget;
  }

  /** The flood detection for frames that carry no call. */
  ControlFrameFloodDetector control() {
    return control;
  }

  /** Whether the header block that was read last, and failed, ends its stream. */
  boolean endsWithBlock() {
    return blockEnds;
  }

  @Override
  public void lifecycleManager(Http2LifecycleManager lifecycleManager) {
    timer.lifecycleManager(lifecycleManager);
    if (fast != null) {
      fast.lifecycleManager(lifecycleManager);
    }
    super.lifecycleManager(lifecycleManager);
  }

  @Override
  public void decodeFrame(ChannelHandlerContext ctx, ByteBuf in, List<Object> out)
      throws Http2Exception {
    boolean ended = false;
    try {
      while (!failed && in.readableBytes() >= HEAD_BYTES && !budget.isSpent()) {
        int at = in.readerIndex();
        int length = in.getUnsignedMedium(at);
        if (length <= LARGEST_PAYLOAD_BYTES && in.readableBytes() - HEAD_BYTES < length) {
          break;
        }
        int whole = Math.min(HEAD_BYTES + length, in.readableBytes());
        in.readerIndex(at + whole);
        if (fast != null
            && length <= DataCoalescing.SMALL_BYTES
            && DataCoalescing.isDataWithoutFlags(in, at, length)) {
          length = DataCoalescing.gather(in, at, length, budget);
          whole = HEAD_BYTES + length;
        }
        decode(ctx, in, at, length, whole, out);
        ended |= !blockOpen;
      }
    } catch (Http2Exception e) {
      ended = true;
      failed |= !Http2Exception.isStreamError(e);
      throw e;
    } finally {
      if (failed) {
        in.skipBytes(in.readableBytes());
      }
      // What waits for its turn is not the peer's to end.
      timer.onProgress(ctx, blockOpen || (in.isReadable() && !budget.isSpent()), ended);
    }
  }

  /** The bytes that a part of a frame needs, or a part of its header; 0 for a whole frame. */
  static int restOf(ByteBuf part) {
    int there = part.readableBytes();
    return there < HEAD_BYTES
        ? HEAD_BYTES - there
        : Math.max(0, HEAD_BYTES + part.getUnsignedMedium(part.readerIndex()) - there);
  }

  /**
   * Decodes the frame whose header starts at an index. Only a frame that is too long may be
   * incomplete.
   */
  private void decode(
      ChannelHandlerContext ctx, ByteBuf in, int at, int length, int whole, List<Object> out)
      throws Http2Exception {
    int type = in.getByte(at + TYPE_OFFSET);
    int flags = in.getByte(at + FLAGS_OFFSET);
    int id = in.getInt(at + STREAM_OFFSET) & Integer.MAX_VALUE;
    int payload = at + HEAD_BYTES;
    boolean end = (flags & END_STREAM) != 0;
    boolean there = length > 0 && length <= LARGEST_PAYLOAD_BYTES;
    boolean padded = type == Http2FrameTypes.DATA && (flags & PADDED) != 0 && there;
    int padding = padded ? 1 + in.getUnsignedByte(payload) : 0;
    if (type == Http2FrameTypes.DATA) {
      budget.spend(1);
      countEmpty(id, length - padding <= 0 && !end);
    } else {
      count(type);
    }
    FastPath fast = this.fast;
    if (fast != null && length <= LARGEST_PAYLOAD_BYTES && !blockOpen && isPrefaced()) {
      if (type == Http2FrameTypes.DATA) {
        // Without its one byte of Pad Length a padded frame is too short (RFC 9113, 6.1).
        boolean complete = padded || (flags & PADDED) == 0;
        if (complete && fast.takeData(ctx, id, in, payload, length, padding, end)) {
          return;
        }
      } else if (type == Http2FrameTypes.HEADERS
          && (flags & (END_HEADERS | PADDED | PRIORITY)) == END_HEADERS
          && fast.takeHeaders(ctx, id, in, payload, length, end)) {
        return;
      }
    }
    if (type == Http2FrameTypes.HEADERS) {
      blockEnds = end;
    }
    if (type == Http2FrameTypes.HEADERS || type == Http2FrameTypes.CONTINUATION) {
      blockOpen = (flags & END_HEADERS) == 0;
    } else if (type == Http2FrameTypes.PUSH_PROMISE && length <= LARGEST_PAYLOAD_BYTES) {
      // Also on a closed stream, where Netty's would be taken for a late frame.
      throw Http2Exception.connectionError(
          Http2Error.PROTOCOL_ERROR, "PUSH_PROMISE on stream %d, which was not allowed", id);
    } else if (type == Http2FrameTypes.SETTINGS && id == 0 && (flags & ACK) == 0 && !blockOpen) {
      applySmallestTable(in, payload, at + whole);
    }
    super.decodeFrame(ctx, in.slice(at, whole), out);
  }

  /**
   * Tells the encoder of the smallest table size of a SETTINGS frame that has several: the next
   * header block has to announce it (RFC 7541, 4.2), and Netty's decoder passes on the last only.
   */
  private void applySmallestTable(ByteBuf in, int from, int to) throws Http2Exception {
    long smallest = Long.MAX_VALUE;
    long last = Long.MAX_VALUE;
    for (int i = from; i + SETTING_BYTES <= to; i += SETTING_BYTES) {
      if (in.getUnsignedShort(i) == Http2CodecUtil.SETTINGS_HEADER_TABLE_SIZE) {
        last = in.getUnsignedInt(i + Short.BYTES);
        smallest = Math.min(smallest, last);
      }
    }
    if (smallest < last) {
      headersEncoder.maxHeaderTableSize(smallest);
    }
  }

  /** Counts a frame other than DATA against the budget and the flood limits. */
  private void count(int type) throws Http2Exception {
    if (type == Http2FrameTypes.HEADERS) {
      emptyFrames = 0;
      budget.spend(TurnBudget.HEADERS);
      control.onHeaders();
    } else if (type == Http2FrameTypes.CONTINUATION) {
      budget.spend(TurnBudget.HEADERS);
    } else {
      budget.spend(1);
      requireFewOthers();
    }
  }

  /**
   * Applies the limit of control frames to clients only: the connection to an upstream carries the
   * calls of many clients.
   */
  private void requireFewOthers() throws Http2Exception {
    if (server && control.onOther(GatewayEpollIoHandler.nanoTime())) {
      throw new LimitExceededException(
          MetLimit.CONTROL_FRAMES, "too many frames that carry no call");
    }
  }

  /** Whether the connection preface was read; the decorated decoders are asked until it was. */
  private boolean isPrefaced() {
    if (!prefaced) {
      prefaced = prefaceReceived();
    }
    return prefaced;
  }

  /**
   * Counts empty DATA of a client by connection, and of an upstream by stream: the connection to an
   * upstream carries the calls of many clients.
   */
  private void countEmpty(int id, boolean empty) throws Http2Exception {
    PropertyKey key = emptyOfStream;
    if (key != null) {
      if (empty || emptySeen) {
        countEmpty(id, empty, key);
      }
    } else if (!empty) {
      emptyFrames = 0;
    } else if (emptyFrames++ == MAX_EMPTY_DATA) {
      throw Http2Exception.connectionError(
          Http2Error.ENHANCE_YOUR_CALM, "more than %d empty frames of DATA", MAX_EMPTY_DATA);
    }
  }

  private void countEmpty(int id, boolean empty, PropertyKey key) throws Http2Exception {
    emptySeen = true;
    Http2Stream stream = connection().stream(id);
    if (stream == null) {
      return;
    }
    Integer before = stream.getProperty(key);
    int count = empty ? (before == null ? 1 : before + 1) : 0;
    if (empty || before != null) {
      stream.setProperty(key, count);
    }
    if (count == MAX_EMPTY_DATA + 1) {
      throw Http2Exception.streamError(
          id, Http2Error.ENHANCE_YOUR_CALM, "more than %d empty frames of DATA", MAX_EMPTY_DATA);
    }
  }
}
