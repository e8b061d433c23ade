package dev.holdfast.gateway.http2.codec;

import dev.holdfast.gateway.http2.hpack.HpackIndexingPolicy;
import dev.holdfast.gateway.limits.GatewayLimits;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionEncoder;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.DefaultHttp2FrameWriter;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.DefaultHttp2LocalFlowController;
import io.netty.handler.codec.http2.DefaultHttp2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersEncoder;
import io.netty.handler.codec.http2.Http2PromisedRequestVerifier;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.Http2Stream.State;
import io.netty.handler.codec.http2.UniformStreamByteDistributor;
import org.jspecify.annotations.Nullable;

/**
 * The codec that Netty brings, with its streams, windows and frames. It shows what {@link OwnCodec}
 * saves, and that the gateway does the same on both.
 */
final class StockCodec extends Http2Codec {
  /** The part of a receive window that is used before it is refilled, as with our own codec. */
  private static final float REFILL_RATIO = 0.5f;

  private final Http2Connection connection;
  private final Http2Connection.PropertyKey key;
  private final LimitedHeadersDecoder headers;
  private final ClosedStreams closed = new ClosedStreams();
  private int lastRemote;
  private boolean refusing;

  private StockCodec(
      FrameDecoder decoder,
      Http2ConnectionEncoder encoder,
      Http2Settings settings,
      LimitedHeadersDecoder headers) {
    super(decoder, encoder, settings);
    this.connection = decoder.connection();
    this.key = connection.newKey();
    this.headers = headers;
    this.lastRemote = connection.isServer() ? -1 : 0;
  }

  static Http2Codec ofServer(GatewayLimits limits) {
    return of(true, acceptedSettings(limits), limits.handshake().toNanos());
  }

  static Http2Codec ofClient(GatewayLimits limits) {
    return of(false, dialedSettings(limits), FrameTimer.UNTIMED);
  }

  private static StockCodec of(boolean server, Http2Settings settings, long frameNanos) {
    Http2Connection connection = new DefaultHttp2Connection(server);
    connection
        .local()
        .flowController(new DefaultHttp2LocalFlowController(connection, REFILL_RATIO, true));
    connection.remote().flowController(new StockSendWindows(connection));
    ControlFrameFloodDetector control = new ControlFrameFloodDetector();
    Http2ConnectionEncoder encoder =
        limited(
            new DefaultHttp2ConnectionEncoder(
                connection,
                new StockFrameWriter(
                    new DefaultHttp2HeadersEncoder(new HpackIndexingPolicy(), server), control)));
    LimitedHeadersDecoder headers = new LimitedHeadersDecoder(headerListBytes(settings));
    DefaultHttp2ConnectionDecoder decoder =
        new DefaultHttp2ConnectionDecoder(
            connection,
            encoder,
            new StockFrameReader(connection, headers),
            Http2PromisedRequestVerifier.ALWAYS_VERIFY,
            ACKNOWLEDGES,
            ACKNOWLEDGES,
            VALIDATES,
            VALIDATES);
    return new StockCodec(
        limited(decoder, encoder, frameNanos, control, null), encoder, settings, headers);
  }

  @Override
  void listen(CallFrameListener listener) {
    decoder().frameListener(new Marks(listener));
    connection.addListener(new Streams(listener));
  }

  @Override
  @Nullable StockStream stream(int id) {
    Http2Stream stream = connection.stream(id);
    return stream == null ? null : stream.getProperty(key);
  }

  @Override
  CallStream openLocal(int id) throws Http2Exception {
    return record(connection.local().createStream(id, false));
  }

  @Override
  CallStream openRemote(int id, boolean ended) throws Http2Exception {
    Http2Stream stream = connection.remote().createStream(id, ended);
    StockStream record = record(stream);
    record.remoteEnded = ended;
    if (!ended) {
      // More headers are trailers.
      stream.headersReceived(false);
    }
    return record;
  }

  private StockStream record(Http2Stream stream) {
    StockStream known = stream.getProperty(key);
    if (known == null) {
      throw new IllegalStateException(stream.id() + ": unknown stream (expected: one of a call)");
    }
    return known;
  }

  @Override
  void send(
      ChannelHandlerContext ctx,
      CallStream stream,
      Http2Headers fields,
      boolean end,
      @Nullable WriteListener hearer) {
    Http2Stream to = ((StockStream) stream).stream;
    boolean inPlace = end ? !to.isTrailersSent() : !to.isHeadersSent();
    ChannelPromise promise = ctx.newPromise();
    var unusedListening =
        promise.addListener(
            done -> {
              if (hearer instanceof HeadersWrite write
                  && done.cause() instanceof Http2Exception e) {
                write.fail(e);
              }
              if (hearer != null) {
                hearer.onWritten(done.isSuccess());
              }
            });
    if (!to.state().localSideOpen() || !inPlace) {
      promise.setFailure(new IllegalStateException("no headers can be sent on " + to.state()));
    } else {
      var unused = encoder().writeHeaders(ctx, to.id(), fields, 0, end, promise);
    }
  }

  @Override
  void send(
      ChannelHandlerContext ctx,
      CallStream stream,
      ByteBuf data,
      boolean end,
      @Nullable WriteListener hearer) {
    StockStream of = (StockStream) stream;
    if (!of.state().localSideOpen()) {
      if (hearer != null) {
        hearer.onWritten(false);
      }
      return;
    }
    int bytes = data.readableBytes();
    of.waiting += bytes;
    ChannelPromise promise = ctx.newPromise();
    var unusedListening =
        promise.addListener(
            done -> {
              of.waiting -= bytes;
              if (hearer != null) {
                hearer.onWritten(done.isSuccess());
              }
            });
    ByteBuf kept = FrameConnection.isMostlySpare(data) ? data.copy() : data.retainedSlice();
    var unused = encoder().writeData(ctx, of.id(), kept, 0, end, promise);
  }

  /** Netty drops what waits on a stream when its local half closes. */
  @Override
  void stopSending(CallStream stream) {
    Http2Stream of = ((StockStream) stream).stream;
    if (of.state() == State.OPEN) {
      of.closeLocalSide();
    } else if (of.state() == State.HALF_CLOSED_REMOTE && of.isResetSent()) {
      of.close();
    }
  }

  /** Whether frames wait is not known of Netty's windows. */
  @Override
  boolean isReady() {
    return true;
  }

  @Override
  boolean giveBack(CallStream stream, int bytes) throws Http2Exception {
    return connection.local().flowController().consumeBytes(((StockStream) stream).stream, bytes);
  }

  @Override
  ClosedStreams closedStreams() {
    return closed;
  }

  /** Netty forgets the stream, and takes what follows on it for a breach. */
  @Override
  void onRefused(int id) {
    Http2Connection.Endpoint<?> client = connection.remote();
    int most = client.maxActiveStreams();
    if (client.canOpenStream() || most == Integer.MAX_VALUE) {
      return;
    }
    refusing = true;
    client.maxActiveStreams(most + 1);
    try {
      client.createStream(id, false).close();
    } catch (Http2Exception e) {
      // Of a connection that takes no stream any more, so that later frames are dropped.
    } finally {
      refusing = false;
      client.maxActiveStreams(most);
    }
  }

  @Override
  int blockBytes() {
    return headers.blockBytes();
  }

  /** Does nothing: headers are not shared by connections. */
  @Override
  void owner(Object whose) {}

  @Override
  @Nullable FrameBatch batch() {
    return null;
  }

  /** Netty's frame writer, which reports each DATA frame to the flood detection. */
  private static final class StockFrameWriter extends DefaultHttp2FrameWriter {
    private final ControlFrameFloodDetector control;

    StockFrameWriter(Http2HeadersEncoder headersEncoder, ControlFrameFloodDetector control) {
      super(headersEncoder);
      this.control = control;
    }

    @Override
    public ChannelFuture writeData(
        ChannelHandlerContext ctx,
        int streamId,
        ByteBuf data,
        int padding,
        boolean endStream,
        ChannelPromise promise) {
      control.onDataSent();
      return super.writeData(ctx, streamId, data, padding, endStream, promise);
    }
  }

  /**
   * Netty's frame reader. Headers after END_STREAM end their stream with STREAM_CLOSED (RFC 9113,
   * 5.1), as their trailers would; Netty takes them for headers too many.
   */
  private static final class StockFrameReader extends DefaultHttp2FrameReader {
    private final Http2Connection connection;
    private @Nullable Http2FrameListener known;
    private @Nullable Http2FrameListener checked;

    StockFrameReader(Http2Connection connection, LimitedHeadersDecoder headers) {
      super(headers, MAX_SMALL_CONTINUATIONS);
      this.connection = connection;
    }

    /** Reads a frame; the decoder's listener changes once, after the first SETTINGS. */
    @Override
    public void readFrame(ChannelHandlerContext ctx, ByteBuf input, Http2FrameListener listener)
        throws Http2Exception {
      Http2FrameListener to = checked;
      if (to == null || listener != known) {
        to = new EndedStreams(listener, connection);
        known = listener;
        checked = to;
      }
      super.readFrame(ctx, input, to);
    }
  }

  /** The check of headers on streams that the peer has ended, before Netty's own. */
  private static final class EndedStreams extends Http2FrameListenerDecorator {
    private final Http2Connection connection;

    EndedStreams(Http2FrameListener listener, Http2Connection connection) {
      super(listener);
      this.connection = connection;
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx, int id, Http2Headers fields, int padding, boolean end)
        throws Http2Exception {
      requireOpen(id);
      super.onHeadersRead(ctx, id, fields, padding, end);
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx,
        int id,
        Http2Headers fields,
        int dependency,
        short weight,
        boolean exclusive,
        int padding,
        boolean end)
        throws Http2Exception {
      requireOpen(id);
      super.onHeadersRead(ctx, id, fields, dependency, weight, exclusive, padding, end);
    }

    private void requireOpen(int id) throws Http2Exception {
      Http2Stream stream = connection.stream(id);
      if (stream != null && stream.state() == State.HALF_CLOSED_REMOTE && !stream.isResetSent()) {
        throw Http2Exception.streamError(
            id, Http2Error.STREAM_CLOSED, "headers on stream %d after its end", id);
      }
    }
  }

  /** Netty's send windows, without the priorities that clients ask for: they are deprecated. */
  private static final class StockSendWindows extends DefaultHttp2RemoteFlowController {
    StockSendWindows(Http2Connection connection) {
      super(connection, new UniformStreamByteDistributor(connection));
    }

    /** A window that SETTINGS make too large is an error of the connection (RFC 9113, 6.9.2). */
    @Override
    public void initialWindowSize(int newWindowSize) throws Http2Exception {
      try {
        super.initialWindowSize(newWindowSize);
      } catch (Http2Exception.StreamException e) {
        throw Http2Exception.connectionError(
            e.error(), e, "SETTINGS make the window of stream %d too large", e.streamId());
      }
    }
  }

  /** The records of streams, and the listener for their ends. */
  private final class Streams extends Http2ConnectionAdapter {
    private final CallFrameListener listener;

    Streams(CallFrameListener listener) {
      this.listener = listener;
    }

    @Override
    public void onStreamAdded(Http2Stream stream) {
      stream.setProperty(key, new StockStream(connection, stream));
      int id = stream.id();
      if (connection.remote().isValidStreamId(id)) {
        if (id > lastRemote + 2) {
          closed.onImplicitlyClosed(lastRemote + 2, id - 2);
        }
        lastRemote = id;
      }
    }

    @Override
    public void onStreamClosed(Http2Stream stream) {
      StockStream record = record(stream);
      if (connection.remote().isValidStreamId(stream.id())) {
        if (record.resetReceived) {
          closed.onResetByClient(stream.id());
        } else if (!record.remoteEnded) {
          closed.onEndedHere(stream.id());
        }
      }
      if (!refusing) {
        listener.onStreamClosed(record);
      }
    }

    @Override
    public void onGoAwayReceived(int lastStreamId, long code, ByteBuf debugData) {
      listener.onGoAwayReceived(lastStreamId, code, debugData);
    }
  }

  /** The marks of what the peer ended, which Netty does not keep. */
  private final class Marks extends LimitedFrameListener {
    Marks(Http2FrameListener listener) {
      super(listener, decoder().control(), connection);
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx,
        int id,
        Http2Headers fields,
        int dependency,
        short weight,
        boolean exclusive,
        int padding,
        boolean end)
        throws Http2Exception {
      if (!connection.isServer() && connection.remote().isValidStreamId(id)) {
        // Netty lets a server open one without a promise, which nothing allows (RFC 9113, 5.1.1).
        throw Http2Exception.connectionError(
            Http2Error.PROTOCOL_ERROR, "stream %d can't be opened by a server", id);
      }
      markEnd(id, end);
      super.onHeadersRead(ctx, id, fields, dependency, weight, exclusive, padding, end);
    }

    @Override
    public int onDataRead(ChannelHandlerContext ctx, int id, ByteBuf data, int padding, boolean end)
        throws Http2Exception {
      markEnd(id, end);
      return super.onDataRead(ctx, id, data, padding, end);
    }

    @Override
    public void onRstStreamRead(ChannelHandlerContext ctx, int id, long code)
        throws Http2Exception {
      StockStream stream = stream(id);
      if (stream != null) {
        // A stream whose request has ended is judged as ended.
        stream.resetReceived = !stream.remoteEnded;
      }
      super.onRstStreamRead(ctx, id, code);
    }

    private void markEnd(int id, boolean end) {
      StockStream stream = end ? stream(id) : null;
      if (stream != null) {
        stream.remoteEnded = true;
      }
    }
  }

  /** A stream of Netty's codec, with what a {@link StockCodec} records of it. */
  private static final class StockStream extends CallStream {
    final Http2Stream stream;

    /** Whether the peer sent END_STREAM. */
    boolean remoteEnded;

    /** Whether the peer sent RST_STREAM. */
    boolean resetReceived;

    /** The bytes of DATA that are neither written nor dropped. */
    long waiting;

    private final Http2Connection connection;

    StockStream(Http2Connection connection, Http2Stream stream) {
      this.connection = connection;
      this.stream = stream;
    }

    @Override
    public int id() {
      return stream.id();
    }

    @Override
    public State state() {
      return stream.state();
    }

    @Override
    public boolean isHeadersSent() {
      return stream.isHeadersSent();
    }

    @Override
    public int unreturnedBytes() {
      return state() == State.CLOSED
          ? 0
          : connection.local().flowController().unconsumedBytes(stream);
    }

    @Override
    public boolean isWaiting() {
      return connection.remote().flowController().hasFlowControlled(stream);
    }

    /** The size of the DATA that waits, for a window or for the socket. */
    @Override
    public long waitingBytes() {
      return waiting;
    }
  }
}
