package dev.holdfast.doctor;

import dev.holdfast.core.annotation.Limit;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

/**
 * The probe for HTTP/1: a request for an upgrade from HTTP/1.1 to HTTP/2, to learn whether HTTP/1
 * is spoken at all.
 */
final class Http1UpgradeProbe extends SimpleChannelInboundHandler<ByteBuf> {
  @Limit(of = "characters of the first line of an HTTP/1 answer", then = "the rest is not read")
  private static final int MAX_LINE_CHARS = 200;

  private final String request;
  private final CompletableFuture<String> firstLine = new CompletableFuture<>();
  private final StringBuilder answer = new StringBuilder();

  Http1UpgradeProbe(String authority) {
    // HTTP2-Settings is an empty SETTINGS frame, as RFC 7540 wants it.
    request =
        "OPTIONS / HTTP/1.1\r\nHost: "
            + authority
            + "\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: \r\n\r\n";
  }

  /** The first line of the answer; "" when the connection ended without one. */
  CompletableFuture<String> firstLine() {
    return firstLine;
  }

  @Override
  @SuppressWarnings("FutureReturnValueIgnored") // what fails shows as the end of the connection
  public void channelActive(ChannelHandlerContext ctx) {
    ctx.writeAndFlush(Unpooled.copiedBuffer(request, StandardCharsets.US_ASCII));
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, ByteBuf bytes) {
    answer.append(bytes.toString(StandardCharsets.ISO_8859_1));
    int end = answer.indexOf("\r\n");
    if (end >= 0 || answer.length() > MAX_LINE_CHARS) {
      String line = answer.substring(0, end >= 0 ? end : MAX_LINE_CHARS);
      firstLine.complete(line.replaceAll("[^ -~]", "?"));
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    firstLine.complete("");
  }

  @Override
  @SuppressWarnings("FutureReturnValueIgnored")
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    ctx.close(); // a reset says no as well as an end does
  }
}
