package dev.holdfast.simulation.streams;

import dev.holdfast.streams.SessionRecord;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.StoreResponse;
import dev.holdfast.streams.session.SessionStoreModel;
import java.util.function.Consumer;

/**
 * A store in memory with the bad habits of one behind a network: it is down, it loses answers, and
 * it writes what the asker gave up on long ago.
 */
final class SimulatedSessionStore {
  private static final long TIMEOUT_MILLIS = 1_000;

  private final StreamSimulation world;
  private final SessionStoreModel records;
  private boolean down;
  private int losesPercent;

  SimulatedSessionStore(StreamSimulation world) {
    this.world = world;
    this.records = world.rules.records();
  }

  void setDown(boolean isDown) {
    down = isDown;
  }

  void setLoses(int percent) {
    losesPercent = percent;
  }

  void ask(StoreRequest request, Consumer<StoreResponse> asker) {
    Consumer<StoreResponse> then =
        answer -> {
          world.note(request + " -> " + answer);
          asker.accept(answer);
        };
    if (down) {
      world.mark(StreamCoverage.STORE_DOWN);
      answerLater(20, new StoreResponse.Failed(), then);
      return;
    }
    if (world.random.nextInt(100) < losesPercent) {
      boolean wrote = world.random.nextBoolean();
      world.mark(wrote ? StreamCoverage.STORE_ANSWER_LOST : StreamCoverage.STORE_WROTE_LATE);
      long delayMillis = wrote ? 1 : TIMEOUT_MILLIS + world.random.nextInt(5_000);
      world.time.afterMillis(delayMillis, () -> apply(request));
      answerLater(TIMEOUT_MILLIS, new StoreResponse.Failed(), then);
      return;
    }
    world.time.afterMillis(
        1 + world.random.nextInt(10),
        () -> answerLater(1 + world.random.nextInt(10), apply(request), then));
  }

  private void answerLater(long delayMillis, StoreResponse answer, Consumer<StoreResponse> then) {
    world.time.afterMillis(delayMillis, () -> then.accept(answer));
  }

  private StoreResponse apply(StoreRequest request) {
    SessionRecord before = records.find(request.id());
    StoreResponse answer = records.answer(request);
    SessionRecord after = records.find(request.id());
    if (request instanceof StoreRequest.Claim claim && answer instanceof StoreResponse.Claimed) {
      world.granted(claim);
    }
    if (request instanceof StoreRequest.Save save && before != null) {
      if (after != null && after.version() > before.version()) {
        world.remembered(save);
      } else if (before.attach() == save.attach() && before.version() > save.version() + 1) {
        world.mark(StreamCoverage.SAVE_OVERTAKEN);
      }
    }
    return answer;
  }
}
