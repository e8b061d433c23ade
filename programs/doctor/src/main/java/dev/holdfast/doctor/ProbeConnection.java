package dev.holdfast.doctor;

import dev.holdfast.core.annotation.Limit;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.epoll.EpollTcpInfo;
import io.netty.handler.codec.CodecException;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2ChannelDuplexHandler;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2PingFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2SettingsFrame;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP/2 endpoint of one connection, on Netty's frame codec. Sends calls and PINGs and records
 * all responses. Confined to its event loop.
 */
// A write that fails shows as the end of its connection.
@SuppressWarnings("FutureReturnValueIgnored")
final class ProbeConnection extends Http2ChannelDuplexHandler {
  /** The listener of a connection, which its opener provides. */
  interface ProbeConnectionListener {
    /** The peer's first SETTINGS have arrived. */
    void onReady(ProbeConnection probeConnection);

    /** The connection has ended, before or after it was ready; called once. */
    void onEnd(ProbeConnection probeConnection, DisconnectKind disconnectKind);
  }

  /** The request messages that are sent when a stream begins. */
  enum InitialMessages {
    /** HEADERS only, without a message. */
    NONE,
    /** HEADERS and one empty message. */
    ONE,
    /** HEADERS, one empty message and the half-close. */
    ONE_AND_END
  }

  private static final int EMPTY_MESSAGE_BYTES = 5;
  private static final long AFTER_A_CALL_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  @Limit(of = "characters of a GOAWAY's text in a report", then = "the rest is left out")
  private static final int MAX_DEBUG_CHARS = 120;

  private final ProbeTarget target;
  private final ProbeConnectionListener probeConnectionListener;
  private final Consumer<Throwable> crashes;
  private final Map<Http2FrameStream, ProbeStream> calls = new HashMap<>();
  private final Map<Integer, Long> settings = new TreeMap<>();
  private final Map<Long, Runnable> pings = new HashMap<>();
  private @Nullable ChannelHandlerContext ctx;
  private @Nullable ReceivedGoAway receivedGoAway;
  private boolean ready;
  private boolean reset;
  private boolean ended;
  private boolean closedHere;
  private int pingsFromPeer;
  private long nextPing = 1;
  private long lastCallNanos = System.nanoTime();

  /**
   * @param crashes called with failures of the doctor's own code
   */
  ProbeConnection(
      ProbeTarget target,
      ProbeConnectionListener probeConnectionListener,
      Consumer<Throwable> crashes) {
    this.target = target;
    this.probeConnectionListener = probeConnectionListener;
    this.crashes = crashes;
  }

  /** Makes a unary call with an empty message; the consumer gets its end, if it comes. */
  void call(String method, Consumer<ProbeResponse> onEnd) {
    start(method, InitialMessages.ONE_AND_END, new ProbeStream(probeResponse -> {}, onEnd));
  }

  /** Starts a stream with these requests; its responses go to the call. */
  void hold(String method, InitialMessages initialMessages, ProbeStream call) {
    start(method, initialMessages, call);
  }

  /** Sends a PING; the consumer is called when it is answered. */
  void ping(Runnable onAnswer) {
    ChannelHandlerContext open = ctx;
    if (open == null || ended) {
      return;
    }
    long content = nextPing++;
    pings.put(content, onAnswer);
    open.writeAndFlush(new DefaultHttp2PingFrame(content));
  }

  /** Closes the connection; the listener is not called. */
  void close() {
    closedHere = true;
    ended = true;
    ChannelHandlerContext open = ctx;
    if (open != null) {
      open.channel().close();
    }
  }

  /**
   * Whether what was sent is still unacknowledged by the next TCP hop; empty: the kernel is mute.
   */
  Optional<Boolean> unacknowledged() {
    ChannelHandlerContext open = ctx;
    Channel channel = open == null ? null : open.channel();
    if (channel instanceof EpollSocketChannel epoll && epoll.isActive()) {
      EpollTcpInfo info = epoll.tcpInfo();
      return Optional.of(info.unacked() > 0);
    }
    return Optional.empty();
  }

  Optional<ReceivedGoAway> receivedGoAway() {
    return Optional.ofNullable(receivedGoAway);
  }

  Map<Integer, Long> settings() {
    return Map.copyOf(settings);
  }

  /** The number of PINGs that arrived while the connection was idle. */
  int pingsFromPeer() {
    return pingsFromPeer;
  }

  boolean isEnded() {
    return ended;
  }

  /** Reports that the TCP connection was not established. */
  void connectFailed() {
    end(DisconnectKind.RESET);
  }

  @Override
  protected void handlerAdded0(ChannelHandlerContext context) {
    ctx = context;
    if (closedHere) {
      context.channel().close();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    try {
      onFrame(context, message);
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    // Only what the kernel reports is a reset; the codec's own complaints end in a close.
    reset |= cause instanceof IOException;
    if (cause instanceof RuntimeException && !(cause instanceof CodecException)) {
      crashes.accept(cause);
    }
    context.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    end(reset ? DisconnectKind.RESET : DisconnectKind.CLOSE);
  }

  private void onFrame(ChannelHandlerContext context, Object message) {
    if (message instanceof Http2SettingsFrame frame) {
      onSettings(frame.settings());
    } else if (message instanceof Http2HeadersFrame frame) {
      onHeaders(frame);
    } else if (message instanceof Http2DataFrame frame) {
      onData(context, frame);
    } else if (message instanceof Http2ResetFrame frame) {
      ProbeStream call = calls.remove(frame.stream());
      if (call != null) {
        call.reset(frame.errorCode());
      }
    } else if (message instanceof Http2GoAwayFrame frame) {
      receivedGoAway = new ReceivedGoAway(frame.errorCode(), printable(frame.content()));
      end(DisconnectKind.GOAWAY);
    } else if (message instanceof Http2PingFrame frame) {
      onPing(frame);
    }
  }

  private void onSettings(Http2Settings frame) {
    frame.forEach((key, value) -> settings.put((int) key.charValue(), value));
    if (!ready && !ended) {
      ready = true;
      probeConnectionListener.onReady(this);
    }
  }

  private void onHeaders(Http2HeadersFrame frame) {
    lastCallNanos = System.nanoTime();
    ProbeStream call = calls.get(frame.stream());
    if (call == null) {
      return;
    }
    call.headers(frame.headers());
    if (frame.isEndStream()) {
      calls.remove(frame.stream());
      call.end();
    }
  }

  private void onData(ChannelHandlerContext context, Http2DataFrame frame) {
    context.writeAndFlush(
        new DefaultHttp2WindowUpdateFrame(frame.initialFlowControlledBytes())
            .stream(frame.stream()));
    ProbeStream call = calls.get(frame.stream());
    if (call == null) {
      return;
    }
    call.data();
    if (frame.isEndStream()) {
      calls.remove(frame.stream());
      call.end();
    }
  }

  private void onPing(Http2PingFrame frame) {
    if (!frame.ack()) {
      // The codec answers it. Those right after a call measure bandwidth; they keep nothing alive.
      if (System.nanoTime() - lastCallNanos > AFTER_A_CALL_NANOS) {
        pingsFromPeer++;
      }
      return;
    }
    Runnable waiting = pings.remove(frame.content());
    if (waiting != null) {
      waiting.run();
    }
  }

  private void start(String method, InitialMessages initialMessages, ProbeStream call) {
    lastCallNanos = System.nanoTime();
    ChannelHandlerContext open = ctx;
    if (open == null || ended) {
      return;
    }
    Http2Headers headers =
        new DefaultHttp2Headers()
            .method("POST")
            .scheme(target.tls() ? "https" : "http")
            .path("/" + method)
            .authority(target.authority())
            .add("te", "trailers")
            .add("content-type", "application/grpc")
            .add("user-agent", "holdfast-doctor");
    Http2FrameStream stream = newStream();
    calls.put(stream, call);
    open.write(new DefaultHttp2HeadersFrame(headers, false).stream(stream));
    if (initialMessages != InitialMessages.NONE) {
      boolean end = initialMessages == InitialMessages.ONE_AND_END;
      ByteBuf empty = Unpooled.wrappedBuffer(new byte[EMPTY_MESSAGE_BYTES]);
      open.write(new DefaultHttp2DataFrame(empty, end).stream(stream));
    }
    open.flush();
  }

  private void end(DisconnectKind disconnectKind) {
    if (!ended) {
      ended = true;
      probeConnectionListener.onEnd(this, disconnectKind);
      ChannelHandlerContext open = ctx;
      if (open != null) {
        open.channel().close();
      }
    }
  }

  private static String printable(ByteBuf text) {
    String all = text.toString(StandardCharsets.US_ASCII).replaceAll("[^ -~]", "?");
    return all.length() > MAX_DEBUG_CHARS ? all.substring(0, MAX_DEBUG_CHARS) : all;
  }
}
