package dev.holdfast.gateway.http1;

import dev.holdfast.gateway.call.ExchangeState;
import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.call.HttpRequestHandler;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.gateway.headers.ClientIdentity;
import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.loop.ForwardingLoop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http2.Http2Headers;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/1.1 request with its response, or the WebSocket that it was upgraded to. Confined to its
 * event loop; {@link ExchangeState} and {@link UpgradeState} have the states.
 */
final class Http1Exchange implements HttpExchange {
  private final Http1Connection connection;
  private final Http2Headers headers;
  private final RequestTarget target;
  private final @Nullable MalformedRequestException refusal;
  private final boolean current;
  private ExchangeState state = ExchangeState.RECEIVING;
  private UpgradeState upgrade = UpgradeState.NONE;

  /** Whether keep-alive permits another request after this one. */
  private boolean reusable;

  /** Whether the handler was told that there is no body; its empty end is still to be read. */
  private boolean bare;

  private @Nullable HttpRequestHandler handler;
  private @Nullable HttpRequest upgradeRequest;
  private @Nullable WebSocket socket;

  Http1Exchange(Http1Connection connection, HttpRequest request) {
    this.connection = connection;
    RequestTarget found = RequestTarget.NONE;
    MalformedRequestException wrong = null;
    if (request.decoderResult().isSuccess()) {
      try {
        Http1Syntax.require(request);
        found = RequestTarget.of(request);
      } catch (MalformedRequestException e) {
        wrong = e;
      }
    }
    this.refusal = wrong;
    this.target = found;
    this.headers = Http1Headers.of(request, found, connection.isSecure());
    this.current = request.protocolVersion().isKeepAliveDefault();
    this.reusable = current && HttpUtil.isKeepAlive(request) && found.malformed().isEmpty();
  }

  void begin(HttpRequest request) {
    loop().assertInLoop();
    if (request.decoderResult().isFailure()) {
      refuse(request.decoderResult().cause());
      return;
    }
    if (refusal != null) {
      plain(refusal.status(), refusal.getMessage());
      return;
    }
    if (WebSocket.isUpgradeRequest(request)) {
      String trouble = WebSocket.upgradeFault(request);
      if (trouble.isEmpty()) {
        // Answered at the end of the request, when nothing of it is under way any more.
        upgradeRequest = request;
        upgrade = UpgradeState.REQUESTED;
      } else {
        plain(HttpResponseStatus.BAD_REQUEST, trouble);
      }
      return;
    }
    bare =
        !HttpUtil.isTransferEncodingChunked(request) && HttpUtil.getContentLength(request, 0L) == 0;
    handler = connection.frontend().take(this, bare);
    if (!bare && !state.isResponseEnded() && HttpUtil.is100ContinueExpected(request)) {
      connection.write(
          new DefaultFullHttpResponse(
              HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER));
    }
  }

  void onFrame(WebSocketFrame frame) {
    WebSocket known = socket;
    if (known != null) {
      known.onFrame(frame);
    }
  }

  /** Reports a corrupted frame to the WebSocket; false when the exchange is none. */
  boolean onBadFrame(CorruptedWebSocketFrameException cause) {
    WebSocket known = socket;
    if (known != null) {
      known.onBadFrame(cause);
    }
    return known != null;
  }

  /**
   * Passes a WebSocket message to the handler.
   *
   * @param end whether the client has half-closed; the message is empty then
   */
  void onMessage(ByteBuf message, boolean end) {
    loop().assertInLoop();
    HttpRequestHandler taker = handler;
    if (taker != null && state == ExchangeState.DUPLEX) {
      state = end ? state.onRequestEnd() : state;
      int bytes = message.readableBytes();
      connection.keep(bytes);
      taker.onData(message, bytes, end);
    }
  }

  void onContent(HttpContent content) {
    loop().assertInLoop();
    if (upgrade == UpgradeState.OPEN) {
      return;
    }
    boolean last = content instanceof LastHttpContent;
    if (last && upgrade == UpgradeState.REQUESTED) {
      upgrade = upgrade.next();
      state = state.onRequestEnd();
      bare = true;
      handler = connection.frontend().take(this, false);
      return;
    }
    if (content.decoderResult().isFailure()) {
      tellGone();
      plain(
          HttpResponseStatus.BAD_REQUEST, "body: " + content.decoderResult().cause().getMessage());
      return;
    }
    boolean answered = state.isResponseEnded();
    state = last ? state.onRequestEnd() : state;
    HttpRequestHandler taker = handler;
    if (taker != null && !bare && !answered) {
      int bytes = content.content().readableBytes();
      connection.keep(bytes);
      taker.onData(content.content(), bytes, last);
    } else if (last && answered) {
      connection.onAnswered(reusable, true);
    }
  }

  boolean isRequestEnded() {
    return state.isRequestEnded();
  }

  /** Whether the exchange was upgraded to a WebSocket. */
  boolean isSocket() {
    return upgrade == UpgradeState.OPEN;
  }

  /** Whether the exchange is a WebSocket that the gateway has not closed. */
  boolean isOpenSocket() {
    return socket != null && socket.isOpen();
  }

  /** Whether the request is complete and no part of the response was written. */
  boolean awaitsAnswer() {
    return state == ExchangeState.AWAITING_RESPONSE;
  }

  void onLeave() {
    loop().assertInLoop();
    HttpRequestHandler taker = handler;
    if (taker != null && !state.isResponseEnded()) {
      taker.onLeave();
    }
  }

  /** Ends the call with a local reply for overload; false when that is not possible. */
  boolean onOverload() {
    loop().assertInLoop();
    WebSocket known = socket;
    HttpRequestHandler taker = handler;
    if (connection.isUnsent() || taker == null || state.isResponseEnded()) {
      return false;
    }
    if (known != null) {
      known.onOverload();
    } else {
      taker.onOverload();
    }
    return true;
  }

  void onWritable() {
    HttpRequestHandler taker = handler;
    if (taker != null && !state.isResponseEnded()) {
      taker.onWritable();
    }
  }

  void onGone() {
    loop().assertInLoop();
    WebSocket known = socket;
    if (known != null) {
      known.onGone();
    }
    tellGone();
    state = state.onGone();
  }

  /** Tells the handler that nobody waits for its response any more. */
  private void tellGone() {
    HttpRequestHandler taker = handler;
    handler = null;
    if (taker != null && !state.isResponseEnded()) {
      taker.onGone();
    }
  }

  @Override
  public Http2Headers headers() {
    return headers;
  }

  @Override
  public String malformed() {
    return target.malformed();
  }

  @Override
  public CharSequence path() {
    return headers.path();
  }

  @Override
  public CharSequence authority() {
    CharSequence authority = headers.authority();
    return authority == null ? "" : authority;
  }

  @Override
  public @Nullable CharSequence header(CharSequence name) {
    return headers.get(name);
  }

  @Override
  public ForwardingLoop loop() {
    return connection.loop();
  }

  @Override
  public ClientIdentity clientIdentity() {
    return connection.clientIdentity();
  }

  @Override
  public MemoryAccount memory() {
    return connection.memory();
  }

  @Override
  public boolean isDuplex() {
    return false;
  }

  @Override
  public boolean isWebSocketUpgrade() {
    return upgrade != UpgradeState.NONE;
  }

  @Override
  public void giveBack(int bytes) {
    connection.giveBack(bytes);
  }

  @Override
  public void answer(Http2Headers head, byte[] body) {
    loop().assertInLoop();
    if (state.isResponseEnded()) {
      return;
    }
    HttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, Http1Headers.status(head), Unpooled.wrappedBuffer(body));
    fill(response, head);
    int code = response.status().code();
    boolean empty = code < 200 || code == HttpResponseStatus.NO_CONTENT.code();
    if (!empty && !response.headers().contains(HttpHeaderNames.CONTENT_LENGTH)) {
      HttpUtil.setContentLength(response, body.length);
    }
    connection.write(response, body.length);
    end();
  }

  @Override
  public void begin(Http2Headers head) {
    loop().assertInLoop();
    if (state.isResponseEnded()) {
      return;
    }
    HttpRequest asked = upgradeRequest;
    if (asked != null && Http1Headers.status(head).equals(HttpResponseStatus.SWITCHING_PROTOCOLS)) {
      upgrade = upgrade.next();
      state = state.onUpgrade();
      HttpHeaders fields = new DefaultHttpHeaders();
      copy(head, fields);
      connection.onWebSocket();
      socket = WebSocket.begin(connection, this, asked, fields, connection.limits().idle());
      return;
    }
    state = state.onResponseBegin();
    HttpResponse response =
        new DefaultHttpResponse(HttpVersion.HTTP_1_1, Http1Headers.status(head));
    if (current) {
      response.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
    } else {
      reusable = false;
    }
    fill(response, head);
    connection.write(response);
  }

  @Override
  public void write(byte[] body, boolean last) {
    loop().assertInLoop();
    if (state.isResponseEnded()) {
      return;
    }
    WebSocket known = socket;
    if (known != null) {
      known.write(body);
      return;
    }
    if (body.length > 0) {
      connection.write(new DefaultHttpContent(Unpooled.wrappedBuffer(body)), body.length);
    }
    if (last) {
      connection.write(LastHttpContent.EMPTY_LAST_CONTENT);
      end();
    }
  }

  @Override
  public void writeText(byte[] text) {
    WebSocket known = socket;
    if (known == null) {
      write(text, false);
    } else if (!state.isResponseEnded()) {
      known.writeText(text);
    }
  }

  @Override
  public void end(byte[] body, CallEnd end) {
    WebSocket known = socket;
    if (known == null) {
      write(body, true);
    } else if (!state.isResponseEnded()) {
      state = state.onResponseEnd();
      known.end(body, WebSocket.code(end.status()), end.message());
    }
  }

  @Override
  public boolean isWritable() {
    return connection.isWritable();
  }

  @Override
  public void abort() {
    loop().assertInLoop();
    if (!state.isResponseEnded()) {
      state = state.onGone();
      connection.abort();
    }
  }

  private void fill(HttpResponse response, Http2Headers head) {
    copy(head, response.headers());
    boolean whole = state.isRequestEnded() || bare;
    if (!reusable || connection.isLeaving() || !whole) {
      reusable = false;
      response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    }
  }

  private static void copy(Http2Headers head, HttpHeaders to) {
    for (Map.Entry<CharSequence, CharSequence> each : head) {
      if (!Http2Headers.PseudoHeaderName.hasPseudoHeaderFormat(each.getKey())) {
        to.add(each.getKey(), each.getValue());
      }
    }
  }

  private void end() {
    state = state.onResponseEnd();
    boolean whole = state == ExchangeState.OVER;
    // With a bare request its empty end is still to be read.
    if (whole || !bare) {
      connection.onAnswered(reusable, whole);
    }
  }

  private void refuse(Throwable cause) {
    if (cause instanceof TooLongHttpLineException) {
      plain(HttpResponseStatus.REQUEST_URI_TOO_LONG, "request line: too long");
    } else if (cause instanceof TooLongHttpHeaderException
        || cause instanceof TooLongFrameException) {
      plain(HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers: too long");
    } else {
      plain(HttpResponseStatus.BAD_REQUEST, "request: " + cause.getMessage());
    }
  }

  /** Sends a local reply to a malformed request; the connection closes after it. */
  private void plain(HttpResponseStatus status, String text) {
    reusable = false;
    bare = false;
    if (!state.isResponseEnded()) {
      byte[] body = ("gateway: " + text + "\n").getBytes(StandardCharsets.UTF_8);
      answer(Http1Headers.plain(status), body);
    }
  }
}
