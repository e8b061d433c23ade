package dev.holdfast.gateway.http2;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.call.ExchangeState;
import dev.holdfast.gateway.call.Frontend;
import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.call.HttpRequestHandler;
import dev.holdfast.gateway.headers.ClientIdentity;
import dev.holdfast.gateway.headers.HeaderNames;
import dev.holdfast.gateway.http2.codec.CallStream;
import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.loop.ForwardingLoop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/**
 * A request that is not gRPC, over one HTTP/2 stream. Confined to its event loop; {@link
 * ExchangeState} has the states.
 */
final class Http2Exchange implements HttpExchange, RequestFrameHandler {
  /** The limit of unsent response bytes; the same for HTTP/1.1. */
  @Limit(
      of = "bytes of one translated answer that wait for a slow client",
      then = "its upstream waits")
  static final int UNSENT_BYTES = 262_144;

  /** The size of a waiting frame's objects without its bytes; most frames of a stream are small. */
  private static final int FRAME_BYTES = 160;

  private final DownstreamConnection down;
  private final CallStream stream;
  private final OpenedStream opened;
  private final Http2Headers headers;
  private final MemoryAccount memory;
  private String malformed = "";
  private @Nullable HttpRequestHandler handler;
  private ExchangeState state;
  private int unsentBytes;

  /** Whether the handler was told that there is no room, and is still to hear that there is. */
  private boolean full;

  Http2Exchange(
      DownstreamConnection down,
      CallStream stream,
      OpenedStream opened,
      Http2Headers headers,
      boolean ended) {
    this.down = down;
    this.stream = stream;
    this.opened = opened;
    this.headers = headers;
    this.state = ended ? ExchangeState.AWAITING_RESPONSE : ExchangeState.RECEIVING;
    this.memory = down.memory().call();
  }

  /**
   * Hands the request to its handler.
   *
   * @param why it must be refused; "" for no reason
   */
  void begin(Frontend frontend, String why) {
    loop().assertInLoop();
    malformed = why;
    handler = frontend.take(this, state.isRequestEnded());
  }

  @Override
  public String malformed() {
    return malformed;
  }

  @Override
  public OpenedStream opened() {
    return opened;
  }

  @Override
  public int onRequestData(ByteBuf data, int bytes, boolean end) {
    loop().assertInLoop();
    HttpRequestHandler taker = handler;
    boolean wanted = !state.isResponseEnded();
    if (end && !state.isRequestEnded()) {
      state = state.onRequestEnd();
    }
    if (!wanted || taker == null) {
      return bytes;
    }
    taker.onData(data, bytes, end);
    return 0;
  }

  @Override
  public void onRequestTrailers() {
    onRequestData(Unpooled.EMPTY_BUFFER, 0, true);
  }

  @Override
  public void onClosed() {
    loop().assertInLoop();
    tellGone();
  }

  @Override
  public void onLeave() {
    loop().assertInLoop();
    HttpRequestHandler taker = handler;
    if (!state.isResponseEnded() && taker != null) {
      taker.onLeave();
    }
  }

  @Override
  public long heldBytes() {
    return opened.headerBytes + memory.bytes();
  }

  @Override
  public void onOverload() {
    loop().assertInLoop();
    HeaderMemory.credit(opened, down.memory());
    HttpRequestHandler taker = handler;
    if (!state.isResponseEnded() && unsentBytes == 0 && taker != null) {
      taker.onOverload();
      return;
    }
    tellGone();
    down.discard(stream, Http2Error.ENHANCE_YOUR_CALM.code());
  }

  @Override
  public MemoryAccount memory() {
    return memory;
  }

  @Override
  public boolean isRequestEnded() {
    return state.isRequestEnded();
  }

  @Override
  public Http2Headers headers() {
    return headers;
  }

  @Override
  public CharSequence path() {
    CharSequence path = headers.path();
    return path == null ? "" : path;
  }

  @Override
  public CharSequence authority() {
    CharSequence authority = headers.authority();
    if (authority == null) {
      authority = headers.get(HeaderNames.HOST);
    }
    return authority == null ? "" : authority;
  }

  @Override
  public @Nullable CharSequence header(CharSequence name) {
    return headers.get(name);
  }

  @Override
  public ForwardingLoop loop() {
    return down.loop();
  }

  @Override
  public ClientIdentity clientIdentity() {
    return down.clientIdentity();
  }

  @Override
  public boolean isDuplex() {
    return true;
  }

  @Override
  public void onGivenUp(boolean attempted) {
    down.resets.onGivenUp(opened, attempted);
  }

  @Override
  public void giveBack(int bytes) {
    down.giveBack(stream, bytes);
  }

  @Override
  public void answer(Http2Headers head, byte[] body) {
    loop().assertInLoop();
    if (state.isResponseEnded()) {
      return;
    }
    if (body.length > 0) {
      begin(head);
      write(body, true);
    } else {
      state = state.onResponseEnd();
      down.send(stream, head, true, isStopDue() ? this::stopRequest : null);
    }
  }

  @Override
  public void begin(Http2Headers head) {
    loop().assertInLoop();
    if (!state.isResponseEnded()) {
      state = state.onResponseBegin();
      down.send(stream, head, false, null);
    }
  }

  @Override
  public void write(byte[] body, boolean last) {
    loop().assertInLoop();
    if (state.isResponseEnded()) {
      return;
    }
    if (last) {
      state = state.onResponseEnd();
    }
    // Not taken from the array later: the receipt would hold it as long as the frame waits.
    int bytes = body.length + FRAME_BYTES;
    unsentBytes += bytes;
    memory.charge(bytes);
    boolean stops = last && isStopDue();
    ByteBuf data = Unpooled.wrappedBuffer(body);
    down.send(
        stream,
        data,
        last,
        success -> {
          onWritten(bytes);
          if (stops) {
            stopRequest(success);
          }
        });
    data.release();
  }

  @Override
  public boolean isWritable() {
    full = unsentBytes >= UNSENT_BYTES || (unsentBytes > 0 && down.memory().isScarce());
    return !full;
  }

  @Override
  public void abort() {
    loop().assertInLoop();
    if (!state.isResponseEnded()) {
      state = state.onGone();
      down.reset(stream, Http2Error.INTERNAL_ERROR.code());
    }
  }

  private void onWritten(int bytes) {
    unsentBytes -= bytes;
    memory.credit(bytes);
    HttpRequestHandler taker = handler;
    if (full && !state.isResponseEnded() && taker != null && isWritable()) {
      taker.onWritable();
    }
  }

  private void tellGone() {
    HttpRequestHandler taker = handler;
    if (!state.isResponseEnded() && taker != null) {
      state = state.onGone();
      taker.onGone();
    }
  }

  /** Whether the response has ended before the request. */
  private boolean isStopDue() {
    return state == ExchangeState.ANSWERED;
  }

  /**
   * Asks a client that still sends to stop, once its response is written (RST_STREAM with
   * NO_ERROR).
   */
  private void stopRequest(boolean written) {
    if (written && down.stream(stream.id()) != null) {
      down.reset(stream, Http2Error.NO_ERROR.code());
    }
  }
}
