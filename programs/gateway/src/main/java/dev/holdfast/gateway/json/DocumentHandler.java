package dev.holdfast.gateway.json;

import dev.holdfast.gateway.http2.WebExchange;
import dev.holdfast.gateway.http2.WebHandler;
import io.netty.buffer.ByteBuf;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/** Waits for a document, unless the client leaves before. On its event loop. */
final class DocumentHandler implements WebHandler {
  private final WebExchange web;
  private boolean gone;

  private DocumentHandler(WebExchange web) {
    this.web = web;
  }

  /**
   * Answers when the document is made.
   *
   * @param answer gets it, or the failure
   */
  static WebHandler of(
      WebExchange web, CompletableFuture<byte[]> document, BiConsumer<byte[], Throwable> answer) {
    DocumentHandler handler = new DocumentHandler(web);
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
