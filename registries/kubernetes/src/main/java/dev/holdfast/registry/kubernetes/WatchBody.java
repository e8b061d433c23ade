package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.LogText;
import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * The words of a watch as they come. The next bytes are asked for when the last words were taken,
 * so a slow process holds the server back and not the heap.
 */
final class WatchBody implements BodySubscriber<byte[]> {

  /** The consumer of watch events; runs the second argument when it is done with them. */
  @FunctionalInterface
  interface Taker {
    void take(List<SliceEvent> events, Runnable done);
  }

  private final Taker taker;
  private final WatchLines lines = new WatchLines();
  private final CompletableFuture<byte[]> body = new CompletableFuture<>();
  private Flow.@Nullable Subscription subscription;

  WatchBody(Taker taker) {
    this.taker = taker;
  }

  /** Completes with nothing when the server ends the watch in good order. */
  @Override
  public CompletionStage<byte[]> getBody() {
    return body;
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    subscription = given;
    given.request(1);
  }

  @Override
  public void onNext(List<ByteBuffer> chunks) {
    Flow.Subscription source = subscription;
    if (source == null || body.isDone()) {
      return;
    }
    List<SliceEvent> events = new ArrayList<>();
    try {
      for (ByteBuffer chunk : chunks) {
        events.addAll(lines.add(chunk));
      }
    } catch (IOException e) {
      source.cancel();
      body.completeExceptionally(malformed(e));
      return;
    }
    if (events.isEmpty()) {
      source.request(1);
    } else {
      taker.take(events, () -> source.request(1));
    }
  }

  @Override
  public void onError(Throwable thrown) {
    body.completeExceptionally(thrown);
  }

  @Override
  public void onComplete() {
    if (lines.isTorn()) {
      body.completeExceptionally(new IOException("the watch ended in the middle of a word"));
    } else {
      body.complete(new byte[0]);
    }
  }

  private static IOException malformed(IOException cause) {
    return new ApiErrors.Refusal(
        ApiFailure.of(
            ApiError.MALFORMED,
            "a word of the watch makes no sense: " + LogText.of(cause.getMessage()),
            cause));
  }
}
