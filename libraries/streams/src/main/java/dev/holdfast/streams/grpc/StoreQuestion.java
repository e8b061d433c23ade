package dev.holdfast.streams.grpc;

import dev.holdfast.core.Limit;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.streams.SessionStore;
import dev.holdfast.streams.StoreAnswer;
import dev.holdfast.streams.StoreRequest;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** A request to a session store, which is answered once, by the store or by the clock. */
final class StoreQuestion {
  @Limit(of = "time that a session store may take for an answer", then = "the request is repeated")
  static final Duration STORE_PATIENCE = Duration.ofSeconds(10);

  private StoreQuestion() {}

  static void ask(
      SessionStore store, Scheduler scheduler, StoreRequest request, Consumer<StoreAnswer> to) {
    AtomicBoolean answered = new AtomicBoolean();
    Consumer<StoreAnswer> once =
        answer -> {
          if (answered.compareAndSet(false, true)) {
            to.accept(answer);
          }
        };
    Subscription timeout =
        scheduler.schedule(STORE_PATIENCE, () -> once.accept(new StoreAnswer.Failed()));
    CompletionStage<StoreAnswer> answer =
        request instanceof StoreRequest.Claim claim
            ? store.claim(claim)
            : store.save((StoreRequest.Save) request);
    var unused =
        answer.whenComplete(
            (said, failure) -> {
              timeout.close();
              once.accept(failure == null ? said : new StoreAnswer.Failed());
            });
  }
}
