package dev.holdfast.gateway.http2.codec;

import dev.holdfast.gateway.headers.ReceivedHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2LifecycleManager;
import io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;

/**
 * The decoding of the frames of which calls consist: cached header blocks and the DATA that follows
 * them. A frame that is not of this kind, or malformed, is left to Netty's decoder.
 */
final class FastPath {
  private final FrameStreams streams;
  private final CachingHeadersDecoder headers;
  private @Nullable Http2LifecycleManager lifecycle;
  private @Nullable Http2FrameListener listener;

  /**
   * Creates the fast path of one connection.
   *
   * @param headers the header block cache that the decoder behind it reads headers with
   */
  FastPath(FrameStreams streams, CachingHeadersDecoder headers) {
    this.streams = streams;
    this.headers = headers;
  }

  /** Sets the listener for the frames. */
  void listener(Http2FrameListener frameListener) {
    listener = frameListener;
  }

  /** Sets the manager that ends streams. */
  void lifecycleManager(Http2LifecycleManager manager) {
    lifecycle = manager;
  }

  /** The listener for the frames that are not decoded here. */
  Http2FrameListener limited(Http2FrameListener frameListener, ControlFrameFloodDetector control) {
    return new Counted(frameListener, control);
  }

  /**
   * Handles DATA if the headers of its stream took the fast path.
   *
   * @param payload the index of the payload
   * @param padding the bytes of padding, with their length
   * @return whether the DATA was handled
   */
  boolean takeData(
      ChannelHandlerContext ctx,
      int id,
      ByteBuf in,
      int payload,
      int length,
      int padding,
      boolean end)
      throws Http2Exception {
    FrameStream stream = streams.stream(id);
    if (stream == null || !isPlain(stream) || padding > length) {
      return false;
    }
    int start = payload + (padding > 0 ? 1 : 0);
    takeData(ctx, stream, in, start, length - padding, padding, end);
    return true;
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
  boolean takeHeaders(
      ChannelHandlerContext ctx, int id, ByteBuf in, int payload, int length, boolean end)
      throws Http2Exception {
    ReceivedHeaders known = headers.find(in, payload, length);
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
  private final class Counted extends LimitedFrameListener {
    Counted(Http2FrameListener listener, ControlFrameFloodDetector control) {
      super(listener, control, streams);
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

    @Override
    public void onRstStreamRead(ChannelHandlerContext ctx, int id, long code)
        throws Http2Exception {
      FrameStream stream = streams.stream(id);
      if (stream != null) {
        stream.resetReceived();
      }
      super.onRstStreamRead(ctx, id, code);
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
}
