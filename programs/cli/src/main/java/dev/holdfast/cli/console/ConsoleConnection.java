package dev.holdfast.cli.console;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.timeout.ReadTimeoutException;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A connection of a browser to the console. Confined to its event loop. */
final class ConsoleConnection extends SimpleChannelInboundHandler<FullHttpRequest> {
  private static final Logger log = LoggerFactory.getLogger(ConsoleConnection.class);

  /** Own files only: no inline script, no other origin, no framing. */
  private static final String POLICY =
      "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:;"
          + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private final ConsoleRequests requests;
  private @Nullable EventStream events;

  ConsoleConnection(ConsoleRequests requests) {
    this.requests = requests;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
    if (request.decoderResult().isFailure()) {
      send(ctx, ConsoleAnswer.refusal(HttpResponseStatus.BAD_REQUEST, "request: no HTTP"), false);
      return;
    }
    if (events != null) {
      // Nothing can be answered behind events without an end.
      var unused = ctx.close();
      return;
    }
    boolean keep = HttpUtil.isKeepAlive(request);
    Optional<ConsoleAnswer> refusal = requests.refusal(request);
    if (refusal.isPresent()) {
      send(ctx, refusal.get(), keep);
      return;
    }
    if (ConsoleRequests.path(request).equals(ConsoleRequests.EVENTS)) {
      begin(ctx, request, keep);
      return;
    }
    // One at a time: what a browser sends behind this is read when this is answered.
    ctx.channel().config().setAutoRead(false);
    var unused =
        requests
            .answer(request, peer(ctx))
            .whenCompleteAsync(
                (answer, failure) -> {
                  ctx.channel().config().setAutoRead(true);
                  if (failure == null) {
                    send(ctx, answer, keep);
                  } else {
                    log.error("event=console_request_failed", failure);
                    var unusedClose = ctx.close();
                  }
                },
                ctx.executor());
  }

  private void begin(ChannelHandlerContext ctx, HttpRequest request, boolean keep) {
    EventStream stream = new EventStream(ctx.channel(), System::nanoTime);
    try {
      // The first event is offered by another thread, and written by this one: behind the head.
      requests.follow(request, stream);
    } catch (IllegalArgumentException e) {
      send(ctx, ConsoleRequests.badRequest(e), keep);
      return;
    }
    events = stream;
    HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
    describe(head.headers(), "text/event-stream");
    HttpUtil.setTransferEncodingChunked(head, true);
    var unused = ctx.writeAndFlush(head);
    // A browser that only listens is silent.
    if (ctx.pipeline().get(ReadTimeoutHandler.class) != null) {
      ctx.pipeline().remove(ReadTimeoutHandler.class);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    EventStream stream = events;
    if (stream != null) {
      stream.onWritable();
    }
    ctx.fireChannelWritabilityChanged();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (!(cause instanceof ReadTimeoutException)) {
      log.debug("event=console_connection_failed cause=\"{}\"", cause.getMessage());
    }
    var unused = ctx.close();
  }

  private static String peer(ChannelHandlerContext ctx) {
    return ctx.channel().remoteAddress() instanceof InetSocketAddress address
        ? NetUtil.toSocketAddressString(address)
        : String.valueOf(ctx.channel().remoteAddress());
  }

  private static void send(ChannelHandlerContext ctx, ConsoleAnswer answer, boolean keep) {
    byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
    DefaultFullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, answer.status(), Unpooled.wrappedBuffer(body));
    describe(response.headers(), answer.type());
    response.headers().set(HttpHeaderNames.CONTENT_LENGTH, body.length);
    HttpUtil.setKeepAlive(response, keep);
    ChannelFuture sent = ctx.writeAndFlush(response);
    if (!keep) {
      var unused = sent.addListener(ChannelFutureListener.CLOSE);
    }
  }

  private static void describe(HttpHeaders headers, String type) {
    headers
        .set(HttpHeaderNames.CONTENT_TYPE, type)
        .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE)
        .set(HttpHeaderNames.CONTENT_SECURITY_POLICY, POLICY)
        .set("x-content-type-options", "nosniff")
        .set("referrer-policy", "no-referrer");
  }
}
