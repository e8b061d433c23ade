package dev.holdfast.gateway.http2.codec;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.limits.GatewayLimits;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2PromisedRequestVerifier;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;

/**
 * The codec with streams, windows, HPACK and frames of calls of our own. From Netty it has the
 * decoding of frames that are rare or malformed.
 */
final class OwnCodec extends Http2Codec {
  @Limit(
      of = "lists of headers of one connection that are known again by their bytes",
      then = "the one that was met first is decoded again when it comes")
  static final int BLOCKS_REMEMBERED = 4;

  private final FrameStreams streams;
  private final ReceiveWindows receiving;
  private final SendWindows sending;
  private final FrameEncoder frames;
  private final CachingHeadersDecoder headers;
  private final FastPath fast;

  private OwnCodec(Parts parts, FastPath fast, FrameDecoder decoder, Http2Settings settings) {
    super(decoder, parts.encoder, settings);
    this.streams = parts.streams;
    this.receiving = parts.streams.receiving();
    this.sending = parts.streams.sending();
    this.frames = parts.frames;
    this.headers = parts.headers;
    this.fast = fast;
  }

  static Http2Codec ofServer(GatewayLimits limits) {
    return of(true, acceptedSettings(limits), limits.handshake().toNanos());
  }

  static Http2Codec ofClient(GatewayLimits limits) {
    return of(false, dialedSettings(limits), FrameTimer.UNTIMED);
  }

  private static OwnCodec of(boolean server, Http2Settings settings, long frameNanos) {
    Parts parts = Parts.of(server, settings);
    FastPath fast = new FastPath(parts.streams, parts.headers);
    DefaultHttp2ConnectionDecoder decoder =
        new DefaultHttp2ConnectionDecoder(
            parts.streams,
            parts.encoder,
            new DefaultHttp2FrameReader(parts.headers, MAX_SMALL_CONTINUATIONS),
            Http2PromisedRequestVerifier.ALWAYS_VERIFY,
            ACKNOWLEDGES,
            ACKNOWLEDGES,
            VALIDATES,
            VALIDATES);
    FrameDecoder limited = limited(decoder, parts.encoder, frameNanos, parts.control, fast);
    return new OwnCodec(parts, fast, limited, settings);
  }

  /** The parts that depend on nothing else. */
  private record Parts(
      FrameStreams streams,
      FrameEncoder frames,
      Http2ConnectionEncoder encoder,
      CachingHeadersDecoder headers,
      ControlFrameFloodDetector control) {
    static Parts of(boolean server, Http2Settings settings) {
      FrameStreams streams = new FrameStreams(server);
      ControlFrameFloodDetector control = new ControlFrameFloodDetector();
      FrameEncoder frames =
          new FrameEncoder(
              streams,
              new BatchingFrameWriter(new CachingHeadersEncoder(server), new FrameBatch()),
              control);
      return new Parts(
          streams,
          frames,
          limited(frames),
          new CachingHeadersDecoder(headerListBytes(settings), BLOCKS_REMEMBERED),
          control);
    }
  }

  @Override
  void listen(CallFrameListener listener) {
    fast.listener(listener);
    decoder().frameListener(fast.limited(listener, decoder().control()));
    streams.addListener(
        new Http2ConnectionAdapter() {
          @Override
          public void onStreamClosed(Http2Stream stream) {
            listener.onStreamClosed((CallStream) stream);
          }

          @Override
          public void onGoAwayReceived(int lastStreamId, long code, ByteBuf debugData) {
            listener.onGoAwayReceived(lastStreamId, code, debugData);
          }
        });
  }

  @Override
  @Nullable CallStream stream(int id) {
    return streams.stream(id);
  }

  @Override
  CallStream openLocal(int id) throws Http2Exception {
    return streams.local().createStream(id, false);
  }

  @Override
  CallStream openRemote(int id, boolean ended) throws Http2Exception {
    FrameStream stream = streams.remote().createStream(id, ended);
    if (!ended) {
      // More headers are trailers.
      stream.headersReceived(false);
    }
    return stream;
  }

  @Override
  void send(
      ChannelHandlerContext ctx,
      CallStream stream,
      Http2Headers headers,
      boolean end,
      @Nullable WriteListener hearer) {
    frames.send(ctx, (FrameStream) stream, headers, end, hearer);
  }

  @Override
  void send(
      ChannelHandlerContext ctx,
      CallStream stream,
      ByteBuf data,
      boolean end,
      @Nullable WriteListener hearer) {
    frames.send(ctx, (FrameStream) stream, data, end, hearer);
  }

  @Override
  void stopSending(CallStream stream) {
    sending.cancel((FrameStream) stream);
  }

  @Override
  boolean isReady() {
    return sending.isReady();
  }

  @Override
  boolean giveBack(CallStream stream, int bytes) throws Http2Exception {
    return receiving.consumeBytes((FrameStream) stream, bytes);
  }

  @Override
  ClosedStreams closedStreams() {
    return streams.ended();
  }

  /** Does nothing: {@link StreamSide} has marked the stream. */
  @Override
  void onRefused(int id) {}

  @Override
  int blockBytes() {
    return headers.blockBytes();
  }

  @Override
  void owner(Object whose) {
    headers.owner(whose);
  }

  @Override
  FrameBatch batch() {
    return frames.frameWriter().batch();
  }
}
