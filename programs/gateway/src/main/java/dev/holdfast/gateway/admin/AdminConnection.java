package dev.holdfast.gateway.admin;

import dev.holdfast.gateway.http1.Http1ResponseEncoder;
import dev.holdfast.gateway.http1.PacedInput;
import dev.holdfast.gateway.http1.PacedRequestDecoder;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.timeout.ReadTimeoutException;
import java.nio.charset.StandardCharsets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP/1.1 handler of one connection to an {@link AdminListener}. Requests are handled one at a
 * time. No request is decoded while a response is pending or the client does not read its
 * responses.
 */
final class AdminConnection extends SimpleChannelInboundHandler<FullHttpRequest>
    implements PacedInput.PartConsumer {
  private static final Logger log = LoggerFactory.getLogger(AdminConnection.class);

  /**
   * The Content-Security-Policy: only own resources and inline script and style, and no framing.
   */
  private static final String POLICY =
      "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline';"
          + " connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none';"
          + " frame-ancestors 'none'";

  private final AdminRequestHandler handler;
  private final Channel channel;
  private final PacedInput input;
  private final Http1ResponseEncoder encoder = new Http1ResponseEncoder();
  private boolean busy;

  private AdminConnection(AdminRequestHandler handler, Channel channel) {
    this.handler = handler;
    this.channel = channel;
    this.input = new PacedInput(channel, this);
  }

  /** Adds the HTTP/1.1 codec and this handler to the pipeline of an accepted channel. */
  static void install(
      Channel channel, AdminRequestHandler handler, HttpDecoderConfig config, int bodyBytes) {
    AdminConnection connection = new AdminConnection(handler, channel);
    channel
        .pipeline()
        .addLast(new PacedRequestDecoder(config, connection.input))
        .addLast(connection.encoder)
        .addLast(new HttpObjectAggregator(bodyBytes))
        .addLast(connection);
  }

  @Override
  public boolean acceptsPart() {
    return !busy && channel.isActive() && channel.isWritable();
  }

  @Override
  public void updateAutoRead() {
    channel.config().setAutoRead(!input.isPaused());
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    updateAutoRead();
    ctx.fireChannelReadComplete();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    input.resumeLater();
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
    boolean keep = HttpUtil.isKeepAlive(request);
    boolean head = request.method().equals(HttpMethod.HEAD);
    busy = true;
    if (request.decoderResult().isFailure()) {
      send(
          ctx,
          AdminResponse.text(HttpResponseStatus.BAD_REQUEST, "request: no HTTP"),
          false,
          false);
      return;
    }
    encoder.onRequest(request.method());
    var unused =
        handler
            .answer(request, ctx.executor())
            .handle(
                (adminResponse, failure) -> {
                  if (failure == null) {
                    // Behind the last request nothing is taken, however slowly its answer is read.
                    busy = !keep;
                    send(ctx, adminResponse, keep, head);
                  } else {
                    log.error("event=admin_failed uri={}", request.uri(), failure);
                    AdminResponse failed =
                        AdminResponse.text(
                            HttpResponseStatus.INTERNAL_SERVER_ERROR, "failed: see the log");
                    send(ctx, failed, false, head);
                  }
                  input.resumeLater();
                  return true;
                });
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (!(cause instanceof ReadTimeoutException)) {
      log.debug("event=admin_connection_failed cause=\"{}\"", cause.getMessage());
    }
    var unused = ctx.close();
  }

  private static void send(
      ChannelHandlerContext ctx, AdminResponse adminResponse, boolean keep, boolean head) {
    byte[] body = adminResponse.body().getBytes(StandardCharsets.UTF_8);
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            adminResponse.status(),
            head ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(body));
    response
        .headers()
        .set(HttpHeaderNames.CONTENT_TYPE, adminResponse.type())
        .set(HttpHeaderNames.CONTENT_LENGTH, body.length)
        .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE)
        .set(HttpHeaderNames.CONTENT_SECURITY_POLICY, POLICY)
        .set("x-content-type-options", "nosniff")
        .set("referrer-policy", "no-referrer");
    HttpUtil.setKeepAlive(response, keep);
    ChannelFuture sent = ctx.writeAndFlush(response);
    if (!keep) {
      var unused = sent.addListener(ChannelFutureListener.CLOSE);
    }
  }
}
