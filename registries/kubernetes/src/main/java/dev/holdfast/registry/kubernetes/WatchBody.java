package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.LogEscaper;
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
  interface WatchEventConsumer {
    void take(List<SliceEvent> events, Runnable done);
  }

  private final WatchEventConsumer watchEventConsumer;
  private final WatchLines lines = new WatchLines();
  private final CompletableFuture<byte[]> body = new CompletableFuture<>();
  private Flow.@Nullable Subscription subscription;

  WatchBody(WatchEventConsumer watchEventConsumer) {
    this.watchEventConsumer = watchEventConsumer;
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
      watchEventConsumer.take(events, () -> source.request(1));
    }
  }

  @Override
  public void onError(Throwable thrown) {
    body.completeExceptionally(thrown);
  }

  @Override
  public void onComplete() {
    if (lines.hasPartialLine()) {
      body.completeExceptionally(new IOException("the watch ended in the middle of an event"));
    } else {
      body.complete(new byte[0]);
    }
  }

  private static IOException malformed(IOException cause) {
    return new ApiErrors.ApiFailureException(
        ApiFailure.of(
            ApiError.MALFORMED,
            "malformed watch event: " + LogEscaper.escape(cause.getMessage()),
            cause));
  }
}
