package dev.holdfast.lab.kubernetes;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.EventExecutor;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * An HTTP request and its response, over HTTP/1.1 or HTTP/2. Nothing is sent on a deaf connection.
 * Confined to the event loop of its channel.
 */
final class ApiExchange {
  private static final int PIECES_PER_SECOND = 10;
  private static final String JSON = "application/json";

  private final ChannelHandlerContext context;
  private final ApiConnection connection;
  private final boolean keepAlive;

  ApiExchange(ChannelHandlerContext context, ApiConnection connection, boolean keepAlive) {
    this.context = context;
    this.connection = connection;
    this.keepAlive = keepAlive;
  }

  EventExecutor loop() {
    return context.executor();
  }

  boolean isWritable() {
    return context.channel().isWritable();
  }

  boolean isOpen() {
    return context.channel().isActive();
  }

  /** Sends a complete response, as the fault says. */
  void answer(ApiFault answer) {
    answer(answer.code(), answer.type(), answer.headers(), answer.body());
  }

  /** Sends a complete response with status 200 and a JSON body. */
  void answer(byte[] json) {
    answer(200, JSON, Map.of(), json);
  }

  private void answer(int code, String type, Map<String, String> more, byte[] body) {
    DefaultFullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(code), Unpooled.wrappedBuffer(body));
    addHeaders(response, type);
    more.forEach(response.headers()::set);
    response.headers().setInt(HttpHeaderNames.CONTENT_LENGTH, body.length);
    finish(response);
  }

  /** Sends the head of a response that is sent in pieces. */
  void begin() {
    HttpResponse response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
    addHeaders(response, JSON);
    response.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
    send(response);
  }

  /** Sends a piece: a chunk of HTTP/1.1, a DATA frame of HTTP/2. */
  void piece(ByteBuf bytes) {
    if (bytes.isReadable()) {
      send(new DefaultHttpContent(bytes));
    } else {
      bytes.release();
    }
  }

  /** Ends a response that was sent in pieces. */
  void end() {
    finish(new DefaultLastHttpContent());
  }

  /** Sends a body in ten pieces a second. */
  void trickle(byte[] body, int bytesPerSecond) {
    begin();
    trickle(body, 0, Math.max(1, bytesPerSecond / PIECES_PER_SECOND));
  }

  private void trickle(byte[] body, int from, int pieceBytes) {
    if (!isOpen()) {
      return;
    }
    int to = Math.min(body.length, from + pieceBytes);
    piece(Unpooled.wrappedBuffer(Arrays.copyOfRange(body, from, to)));
    if (to == body.length) {
      end();
      return;
    }
    var unused =
        loop()
            .schedule(
                () -> trickle(body, to, pieceBytes),
                1_000 / PIECES_PER_SECOND,
                TimeUnit.MILLISECONDS);
  }

  /** Closes the connection under all its requests. */
  void cut() {
    connection.close();
  }

  private static void addHeaders(HttpMessage message, String type) {
    message
        .headers()
        .set("Audit-Id", UUID.randomUUID().toString())
        .set(HttpHeaderNames.CACHE_CONTROL, "no-cache, private")
        .set(HttpHeaderNames.CONTENT_TYPE, type);
  }

  private void send(Object message) {
    if (connection.isSilenced()) {
      ReferenceCountUtil.release(message);
      return;
    }
    var unused = context.writeAndFlush(message);
  }

  private void finish(Object message) {
    if (connection.isSilenced()) {
      ReferenceCountUtil.release(message);
      return;
    }
    ChannelFuture sent = context.writeAndFlush(message);
    if (!keepAlive) {
      var unused = sent.addListener(ChannelFutureListener.CLOSE);
    }
  }
}
