package dev.holdfast.gateway.http2.codec;

import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.limits.GatewayLimits;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP/2 codec of one connection: its frames, streams, flow-control windows and HPACK, as a
 * {@link FrameConnection} uses them. The limits that protect the gateway from its peers are the
 * same for every codec.
 */
public abstract class Http2Codec {
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

  private static final int RESET_WINDOW_SECONDS = 30;

  /** A switch for tests and measurements: every connection of the process has Netty's codec. */
  private static final String PROPERTY = "holdfast.gateway.codec";

  private static final String NETTY = "netty";
  private static final String SAID = System.getProperty(PROPERTY, "");
  private static final boolean STOCK = SAID.equals(NETTY);

  /** SETTINGS and PINGs of the peer are acknowledged at once. */
  static final boolean ACKNOWLEDGES = true;

  /** A proxy that forwards a malformed request is held responsible for it (RFC 9113, 8.1.1). */
  static final boolean VALIDATES = true;

  private final FrameDecoder decoder;
  private final Http2ConnectionEncoder encoder;
  private final Http2Settings settings;

  /**
   * Creates the parts that every codec has.
   *
   * @param settings that this side sends
   */
  Http2Codec(FrameDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
    this.decoder = decoder;
    this.encoder = encoder;
    this.settings = settings;
  }

  // Neither codec's type is in these methods, or their verification would load both: calls of a
  // class with one loaded subclass are direct.

  /** Creates the codec of a connection that a client opened. */
  public static Http2Codec accepted(GatewayLimits limits) {
    return STOCK ? StockCodec.ofServer(limits) : OwnCodec.ofServer(limits);
  }

  /** Creates the codec of a connection that the gateway opens. */
  public static Http2Codec dialed(GatewayLimits limits) {
    return STOCK ? StockCodec.ofClient(limits) : OwnCodec.ofClient(limits);
  }

  /** Validates the switch: a typo must not measure a codec against itself. */
  static void requireKnown() {
    requireKnown(SAID);
  }

  static void requireKnown(String said) {
    if (!said.equals(NETTY) && !said.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: \"%s\" (expected: %s, or not set)"
              .formatted(PROPERTY, LogEscaper.escape(said), NETTY));
    }
  }

  /** The settings of a connection that a client opened. */
  static Http2Settings acceptedSettings(GatewayLimits limits) {
    return settings(limits).maxConcurrentStreams(limits.streams());
  }

  /** The settings of a connection that the gateway opens. */
  static Http2Settings dialedSettings(GatewayLimits limits) {
    return settings(limits).pushEnabled(false);
  }

  private static Http2Settings settings(GatewayLimits limits) {
    return new Http2Settings()
        .initialWindowSize(limits.streamWindowBytes())
        .maxHeaderListSize(limits.headerListBytes());
  }

  /** The limit of one header list that the settings state, in bytes. */
  static long headerListBytes(Http2Settings settings) {
    Long bytes = settings.maxHeaderListSize();
    return bytes == null ? Http2CodecUtil.DEFAULT_HEADER_LIST_SIZE : bytes;
  }

  /** Puts the limits of control frames around an encoder. */
  static Http2ConnectionEncoder limited(Http2ConnectionEncoder encoder) {
    boolean server = encoder.connection().isServer();
    return new ControlFrameLimitEncoder(
        encoder,
        MAX_QUEUED_CONTROL_FRAMES,
        server ? MAX_RESETS_SENT : 0,
        TimeUnit.SECONDS.toNanos(RESET_WINDOW_SECONDS));
  }

  /**
   * Puts the limits of frames around a decoder.
   *
   * @param encoder of the same connection
   * @param frameNanos the time for a frame or header block; {@link FrameTimer#UNTIMED} for any
   * @param control of the frames that carry no call; the encoder reports DATA to it
   * @param fast path for the frames of calls; null for none
   */
  static FrameDecoder limited(
      Http2ConnectionDecoder decoder,
      Http2ConnectionEncoder encoder,
      long frameNanos,
      ControlFrameFloodDetector control,
      @Nullable FastPath fast) {
    boolean server = decoder.connection().isServer();
    return new FrameDecoder(
        decoder,
        encoder.configuration().headersConfiguration(),
        new FrameTimer(frameNanos),
        new TurnBudget(server ? TurnBudget.CLIENT : TurnBudget.UPSTREAM),
        control,
        fast);
  }

  final FrameDecoder decoder() {
    return decoder;
  }

  final Http2ConnectionEncoder encoder() {
    return encoder;
  }

  final Http2Settings settings() {
    return settings;
  }

  final Http2Connection connection() {
    return decoder.connection();
  }

  /** Sets the listener for the peer's frames and the ends of streams; called once, at first. */
  abstract void listen(CallFrameListener listener);

  /** The open stream with this identifier; null if there is none. */
  abstract @Nullable CallStream stream(int id);

  /** Opens a stream of this side. */
  abstract CallStream openLocal(int id) throws Http2Exception;

  /**
   * Opens a stream of the peer whose headers could not be read, so that it can be answered.
   *
   * @param ended whether the headers end the stream
   */
  abstract CallStream openRemote(int id, boolean ended) throws Http2Exception;

  /** Sends headers behind what was sent before on the stream. */
  abstract void send(
      ChannelHandlerContext ctx,
      CallStream stream,
      Http2Headers headers,
      boolean end,
      @Nullable WriteListener hearer);

  /**
   * Sends DATA behind what was sent before on the stream, and when the windows allow it.
   *
   * @param data stays its caller's
   */
  abstract void send(
      ChannelHandlerContext ctx,
      CallStream stream,
      ByteBuf data,
      boolean end,
      @Nullable WriteListener hearer);

  /** Stops sending on a stream: its frames that wait are dropped. */
  abstract void stopSending(CallStream stream);

  /** Whether frames wait that the windows of their streams allow. */
  abstract boolean isReady();

  /**
   * Returns bytes that were read on a stream to its receive window.
   *
   * @return whether a WINDOW_UPDATE was written
   */
  abstract boolean giveBack(CallStream stream, int bytes) throws Http2Exception;

  /** The memory of closed streams that the peer had opened. */
  abstract ClosedStreams closedStreams();

  /** Marks a stream that the peer opened beyond the limit: its frames under way are no fault. */
  abstract void onRefused(int id);

  /** The size of the header block that was read last, in bytes. */
  abstract int blockBytes();

  /** Sets the owner of received headers: equal for clients that are the same to upstreams. */
  abstract void owner(Object whose);

  /** The batch of small frames; null if each frame is a write of its own. */
  abstract @Nullable FrameBatch batch();
}
