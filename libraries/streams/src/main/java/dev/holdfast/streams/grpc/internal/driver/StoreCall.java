package dev.holdfast.streams.grpc.internal.driver;

import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.streams.SessionStore;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.StoreResponse;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** A request to a session store, which is answered once, by the store or by the clock. */
public final class StoreCall {
  @Limit(of = "time that a session store may take for an answer", then = "the request is repeated")
  static final Duration STORE_PATIENCE = Duration.ofSeconds(10);

  private StoreCall() {}

  public static void ask(
      SessionStore store, Scheduler scheduler, StoreRequest request, Consumer<StoreResponse> to) {
    AtomicBoolean answered = new AtomicBoolean();
    Consumer<StoreResponse> once =
        answer -> {
          if (answered.compareAndSet(false, true)) {
            to.accept(answer);
          }
        };
    Subscription timeout =
        scheduler.schedule(STORE_PATIENCE, () -> once.accept(new StoreResponse.Failed()));
    CompletionStage<StoreResponse> answer =
        request instanceof StoreRequest.Claim claim
            ? store.claim(claim)
            : store.save((StoreRequest.Save) request);
    var unused =
        answer.whenComplete(
            (said, failure) -> {
              timeout.close();
              once.accept(failure == null ? said : new StoreResponse.Failed());
            });
  }
}
