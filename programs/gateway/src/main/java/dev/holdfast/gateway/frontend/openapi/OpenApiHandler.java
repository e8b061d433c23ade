package dev.holdfast.gateway.frontend.openapi;

import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.call.HttpRequestHandler;
import io.netty.buffer.ByteBuf;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/** Waits for a document, unless the client leaves before. On its event loop. */
public final class OpenApiHandler implements HttpRequestHandler {
  private final HttpExchange web;
  private boolean gone;

  private OpenApiHandler(HttpExchange web) {
    this.web = web;
  }

  /**
   * Answers when the document is made.
   *
   * @param answer gets it, or the failure
   */
  public static HttpRequestHandler of(
      HttpExchange web, CompletableFuture<byte[]> document, BiConsumer<byte[], Throwable> answer) {
    OpenApiHandler handler = new OpenApiHandler(web);
    var unused =
        document.whenCompleteAsync(
            (json, failure) -> {
              if (!handler.gone) {
                answer.accept(json, failure);
              }
            },
            web.loop().eventLoop());
    return handler;
  }

  @Override
  public void onData(ByteBuf data, int bytes, boolean end) {
    web.giveBack(bytes);
  }

  @Override
  public void onGone() {
    gone = true;
  }

  @Override
  public void onWritable() {}

  @Override
  public void onLeave() {}
}
