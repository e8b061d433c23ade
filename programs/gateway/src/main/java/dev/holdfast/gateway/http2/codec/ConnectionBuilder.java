package dev.holdfast.gateway.http2.codec;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.limits.GatewayLimits;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2FrameReader;
import io.netty.handler.codec.http2.Http2HeadersEncoder;
import io.netty.handler.codec.http2.Http2PromisedRequestVerifier;
import io.netty.handler.codec.http2.Http2Settings;
import java.util.concurrent.TimeUnit;

/**
 * The builder of a connection's HTTP/2 codec around Netty's, with the limits that Netty leaves to
 * its users.
 */
public final class ConnectionBuilder<C extends FrameConnection>
    extends AbstractHttp2ConnectionHandlerBuilder<C, ConnectionBuilder<C>> {
  @Limit(
      of = "answers to PINGs, SETTINGS and resets that wait to be written to one peer",
      then = "its connection is closed with ENHANCE_YOUR_CALM")
  static final int MAX_QUEUED_CONTROL_FRAMES = 1_000;

  @Limit(
      of = "CONTINUATION frames that are smaller than they need be, of one request",
      then = "the connection is closed with ENHANCE_YOUR_CALM")
  static final int MAX_SMALL_CONTINUATIONS = 16;

  @Limit(
      of = "streams that the gateway had to reset for a client's errors, in 30 s",
      then = "the connection is closed with ENHANCE_YOUR_CALM")
  static final int MAX_RESETS_SENT = 200;

  @Limit(
      of = "lists of headers of one connection that are known again by their bytes",
      then = "the one that was met first is decoded again when it comes")
  static final int BLOCKS_REMEMBERED = 4;

  private static final int RESET_WINDOW_SECONDS = 30;
  private static final boolean ACKNOWLEDGES = true;

  /** A proxy that forwards a malformed request is held responsible for it (RFC 9113, 8.1.1). */
  private static final boolean VALIDATES = true;

  /** The factory of the connection handler around a codec. */
  public interface HandlerFactory<C extends FrameConnection> {
    C make(FrameDecoder decoder, ControlFrameLimitEncoder encoder, Http2Settings settings);
  }

  private final HandlerFactory<C> handlerFactory;

  private ConnectionBuilder(
      boolean server, Http2Settings settings, long frameNanos, HandlerFactory<C> handlerFactory) {
    this.handlerFactory = handlerFactory;
    FrameStreams connection = new FrameStreams(server);
    initialSettings(settings);
    // Counted by our own decoder.
    decoderEnforceMaxConsecutiveEmptyDataFrames(0);
    // Resets that come are judged by the connection itself: many cancels are legitimate.
    decoderEnforceMaxRstFramesPerWindow(0, 0);
    // Refuses every limit that is set after it.
    Http2ConnectionEncoder encoder = encoder(connection, server);
    codec(decoder(connection, encoder, settings, frameNanos), encoder);
    // Replaced by the connection's own, before the first frame can come.
    frameListener(new Http2FrameAdapter());
  }

  private static ControlFrameLimitEncoder encoder(FrameStreams connection, boolean server) {
    Http2HeadersEncoder headers = new CachingHeadersEncoder(server);
    return new ControlFrameLimitEncoder(
        new FrameEncoder(connection, new BatchingFrameWriter(headers, new FrameBatch())),
        MAX_QUEUED_CONTROL_FRAMES,
        server ? MAX_RESETS_SENT : 0,
        TimeUnit.SECONDS.toNanos(RESET_WINDOW_SECONDS));
  }

  private static Http2ConnectionDecoder decoder(
      FrameStreams connection,
      Http2ConnectionEncoder encoder,
      Http2Settings settings,
      long frameNanos) {
    Long headerListBytes = settings.maxHeaderListSize();
    CachingHeadersDecoder headers =
        new CachingHeadersDecoder(
            headerListBytes == null ? Http2CodecUtil.DEFAULT_HEADER_LIST_SIZE : headerListBytes,
            BLOCKS_REMEMBERED);
    Http2FrameReader frames = new DefaultHttp2FrameReader(headers, MAX_SMALL_CONTINUATIONS);
    return new FrameDecoder(
        new DefaultHttp2ConnectionDecoder(
            connection,
            encoder,
            frames,
            Http2PromisedRequestVerifier.ALWAYS_VERIFY,
            ACKNOWLEDGES,
            ACKNOWLEDGES,
            VALIDATES,
            VALIDATES),
        connection,
        headers,
        new FrameTimer(frameNanos),
        new TurnBudget(connection.isServer() ? TurnBudget.CLIENT : TurnBudget.UPSTREAM));
  }

  /** Builds the handler of a connection that a client opened. */
  public static <C extends FrameConnection> C accepted(
      GatewayLimits limits, HandlerFactory<C> handlerFactory) {
    Http2Settings settings = settings(limits).maxConcurrentStreams(limits.streams());
    return new ConnectionBuilder<>(true, settings, limits.handshake().toNanos(), handlerFactory)
        .build();
  }

  /** Builds the handler of a connection that the gateway opens. */
  public static <C extends FrameConnection> C dialed(
      GatewayLimits limits, HandlerFactory<C> handlerFactory) {
    Http2Settings settings = settings(limits).pushEnabled(false);
    return new ConnectionBuilder<>(false, settings, FrameTimer.UNTIMED, handlerFactory).build();
  }

  private static Http2Settings settings(GatewayLimits limits) {
    return new Http2Settings()
        .initialWindowSize(limits.streamWindowBytes())
        .maxHeaderListSize(limits.headerListBytes());
  }

  @Override
  protected C build(
      Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
    return handlerFactory.make(
        (FrameDecoder) decoder, (ControlFrameLimitEncoder) encoder, settings);
  }
}
