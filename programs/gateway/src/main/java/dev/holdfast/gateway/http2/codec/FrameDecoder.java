package dev.holdfast.gateway.http2.codec;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.headers.ReceivedHeaders;
import dev.holdfast.gateway.limits.MetLimit;
import dev.holdfast.gateway.socket.GatewayEpollIoHandler;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DecoratingHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2LifecycleManager;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The frame decoder: a fast path for cached header blocks and the DATA that follows them, around
 * Netty's decoder. All other frames, and all malformed ones, go to Netty's decoder, as whole
 * frames.
 */
public final class FrameDecoder extends DecoratingHttp2ConnectionDecoder {
  @Limit(
      of = "empty DATA frames in a row",
      then = "the connection is closed with ENHANCE_YOUR_CALM")
  static final int MAX_EMPTY_DATA = 10;

  static final int HEAD_BYTES = 9;
  static final int TYPE_OFFSET = 3;
  static final int FLAGS_OFFSET = 4;
  static final int STREAM_OFFSET = 5;

  /** The initial SETTINGS_MAX_FRAME_SIZE (RFC 9113, 6.5.2), which the gateway leaves as it is. */
  private static final int LARGEST_PAYLOAD_BYTES = 16_384;

  static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final int PADDED = 8;
  private static final int PRIORITY = 32;

  private final CachingHeadersDecoder headers;
  private final FrameTimer timer;
  private final FrameStreams streams;
  private final TurnBudget budget;
  private final ControlFrameFloodDetector control = new ControlFrameFloodDetector();
  private @Nullable Http2LifecycleManager lifecycle;
  private @Nullable Http2FrameListener listener;
  private boolean prefaced;
  private boolean blockOpen;
  private boolean blockEnds;
  private boolean failed;
  private int emptyFrames;

  /**
   * Creates a fast path around a decoder.
   *
   * @param streams of the connection
   * @param headers the header block cache that the delegate reads headers with
   * @param timer bounds the time for a frame or header block
   * @param budget of each turn; frames beyond it stay in the buffer
   */
  FrameDecoder(
      Http2ConnectionDecoder delegate,
      FrameStreams streams,
      CachingHeadersDecoder headers,
      FrameTimer timer,
      TurnBudget budget) {
    super(delegate);
    this.budget = budget;
    this.headers = headers;
    this.timer = timer;
    this.streams = streams;
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
  public boolean endsWithBlock() {
    return blockEnds;
  }

  /** The size of the last decoded header block, in bytes. */
  public int blockBytes() {
    return headers.blockBytes();
  }

  /** Sets the owner of the headers: equal for clients that are the same to upstreams. */
  public void owner(Object whose) {
    headers.owner(whose);
  }

  @Override
  public void lifecycleManager(Http2LifecycleManager lifecycleManager) {
    lifecycle = lifecycleManager;
    timer.lifecycleManager(lifecycleManager);
    super.lifecycleManager(lifecycleManager);
  }

  @Override
  public void frameListener(Http2FrameListener frameListener) {
    listener = frameListener;
    super.frameListener(new Counted(frameListener));
  }

  @Override
  public @Nullable Http2FrameListener frameListener() {
    return listener;
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
        if (length <= DataCoalescing.SMALL_BYTES
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
      countEmpty(length - padding, end);
    } else {
      count(type);
    }
    if (length <= LARGEST_PAYLOAD_BYTES && !blockOpen && isPrefaced()) {
      if (type == Http2FrameTypes.DATA) {
        FrameStream stream = streams.stream(id);
        // Without its one byte of Pad Length a padded frame is too short (RFC 9113, 6.1).
        boolean complete = padded || (flags & PADDED) == 0;
        if (stream != null && isPlain(stream) && complete && padding <= length) {
          int start = payload + (padded ? 1 : 0);
          takeData(ctx, stream, in, start, length - padding, padding, end);
          return;
        }
      } else if (type == Http2FrameTypes.HEADERS
          && (flags & (END_HEADERS | PADDED | PRIORITY)) == END_HEADERS
          && takeHeaders(ctx, id, headers.find(in, payload, length), end)) {
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
    }
    super.decodeFrame(ctx, in.slice(at, whole), out);
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
    if (streams.isServer() && control.onOther(GatewayEpollIoHandler.nanoTime())) {
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

  /** Whether the stream's headers took the fast path, and DATA may follow them. */
  private static boolean isPlain(FrameStream stream) {
    return stream.body != null && stream.state().remoteSideOpen() && !stream.isResetSent();
  }

  /**
   * Handles DATA without a slice: while the listener runs, the buffer's indexes bound this DATA.
   */
  private void takeData(
      ChannelHandlerContext ctx,
      FrameStream stream,
      ByteBuf in,
      int start,
      int length,
      int padding,
      boolean end)
      throws Http2Exception {
    int done = length + padding;
    int readTo = in.readerIndex();
    int filledTo = in.writerIndex();
    streams.receiving().receive(stream, done, end);
    in.setIndex(start, start + length);
    try {
      count(stream, length, end);
      done = taker().onDataRead(ctx, stream.id(), in, padding, end);
      if (end) {
        closeRemote(ctx, stream);
      }
    } finally {
      in.setIndex(readTo, filledTo);
      streams.receiving().consumeBytes(stream, done);
    }
  }

  /**
   * Handles cached headers, if such headers may come here.
   *
   * @return whether the headers were handled
   */
  private boolean takeHeaders(
      ChannelHandlerContext ctx, int id, @Nullable ReceivedHeaders known, boolean end)
      throws Http2Exception {
    ReceivedHeaders.HeadersKind headersKind =
        known == null ? ReceivedHeaders.HeadersKind.OTHER : known.kind();
    if (known == null || headersKind == ReceivedHeaders.HeadersKind.OTHER) {
      return false;
    }
    if (end && known.declaredLength() != ReceivedHeaders.NO_LENGTH) {
      return false;
    }
    FrameStream stream = streams.stream(id);
    if (stream == null) {
      if (headersKind != ReceivedHeaders.HeadersKind.REQUEST || streams.streamMayHaveExisted(id)) {
        return false;
      }
      stream = streams.remote().createStream(id, end);
    } else if (!mayCome(headersKind, stream, end)) {
      return false;
    }
    if (headersKind != ReceivedHeaders.HeadersKind.TRAILERS) {
      stream.body = ContentLengthCheck.of(known);
    }
    stream.headersReceived(false);
    count(stream, 0, end);
    taker().onHeadersRead(ctx, id, known, 0, end);
    if (end) {
      closeRemote(ctx, stream);
    }
    return true;
  }

  /** Whether headers of this kind may come on a stream that is open already. */
  private static boolean mayCome(
      ReceivedHeaders.HeadersKind headersKind, FrameStream stream, boolean end) {
    if (!stream.state().remoteSideOpen() || stream.isResetSent()) {
      return false;
    }
    return switch (headersKind) {
      case RESPONSE -> !stream.isHeadersReceived();
      case TRAILERS -> end && stream.body != null && !stream.isTrailersReceived();
      default -> false;
    };
  }

  /** Checks DATA, or the end of it, against the content-length. */
  private void count(@Nullable FrameStream stream, int bytes, boolean end) throws Http2Exception {
    ContentLengthCheck body = stream == null ? null : stream.body;
    if (stream != null && body != null) {
      body.add(streams.isServer(), stream.id(), bytes, end);
    }
  }

  /**
   * The check of bodies that end with headers that Netty decodes, which are reported in this form.
   */
  private final class Counted extends Http2FrameListenerDecorator {
    Counted(Http2FrameListener listener) {
      super(listener);
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx,
        int id,
        Http2Headers headers,
        int dependency,
        short weight,
        boolean exclusive,
        int padding,
        boolean end)
        throws Http2Exception {
      count(streams.stream(id), 0, end);
      super.onHeadersRead(ctx, id, headers, dependency, weight, exclusive, padding, end);
    }
  }

  private void closeRemote(ChannelHandlerContext ctx, FrameStream stream) {
    Http2LifecycleManager manager = lifecycle;
    if (stream.state() == Http2Stream.State.OPEN) {
      stream.closeRemoteSide();
    } else if (manager != null) {
      manager.closeStreamRemote(stream, ctx.newSucceededFuture());
    }
  }

  private Http2FrameListener taker() {
    Http2FrameListener known = listener;
    if (known == null) {
      throw new IllegalStateException("no frame listener is set");
    }
    return known;
  }

  private void countEmpty(int bytes, boolean end) throws Http2Exception {
    if (bytes > 0 || end) {
      emptyFrames = 0;
    } else if (emptyFrames++ == MAX_EMPTY_DATA) {
      throw Http2Exception.connectionError(
          Http2Error.ENHANCE_YOUR_CALM, "more than %d empty frames of DATA", MAX_EMPTY_DATA);
    }
  }
}
