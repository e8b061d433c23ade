package dev.holdfast.streams.rehearsal;

import dev.holdfast.streams.SessionRecord;
import dev.holdfast.streams.StoreAnswer;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.wire.SessionId;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A store in memory with the bad habits of one behind a network: it is down, it loses answers, and
 * it writes what the asker gave up on long ago.
 */
final class RehearsedStore {
  private static final long TIMEOUT_MILLIS = 1_000;

  private final Rehearsal world;
  private final Map<SessionId, SessionRecord> records = new HashMap<>();
  private boolean down;
  private int losesPercent;

  RehearsedStore(Rehearsal world) {
    this.world = world;
  }

  void setDown(boolean isDown) {
    down = isDown;
  }

  void setLoses(int percent) {
    losesPercent = percent;
  }

  void ask(StoreRequest request, Consumer<StoreAnswer> asker) {
    Consumer<StoreAnswer> then =
        answer -> {
          world.note(request + " -> " + answer);
          asker.accept(answer);
        };
    if (down) {
      world.mark(Marker.STORE_DOWN);
      answerLater(20, new StoreAnswer.Failed(), then);
      return;
    }
    if (world.random.nextInt(100) < losesPercent) {
      boolean wrote = world.random.nextBoolean();
      world.mark(wrote ? Marker.STORE_ANSWER_LOST : Marker.STORE_WROTE_LATE);
      long delayMillis = wrote ? 1 : TIMEOUT_MILLIS + world.random.nextInt(5_000);
      world.time.afterMillis(delayMillis, () -> apply(request));
      answerLater(TIMEOUT_MILLIS, new StoreAnswer.Failed(), then);
      return;
    }
    world.time.afterMillis(
        1 + world.random.nextInt(10),
        () -> answerLater(1 + world.random.nextInt(10), apply(request), then));
  }

  private void answerLater(long delayMillis, StoreAnswer answer, Consumer<StoreAnswer> then) {
    world.time.afterMillis(delayMillis, () -> then.accept(answer));
  }

  private StoreAnswer apply(StoreRequest request) {
    SessionRecord record = records.get(request.id());
    if (request instanceof StoreRequest.Claim claim) {
      return apply(claim, record);
    }
    return apply((StoreRequest.Save) request, record);
  }

  private StoreAnswer apply(StoreRequest.Claim claim, @Nullable SessionRecord record) {
    if (record == null) {
      if (claim.fresh().isEmpty()) {
        return new StoreAnswer.Missing();
      }
      world.granted(claim);
      records.put(claim.id(), claim.fresh().get());
      return new StoreAnswer.Claimed(claim.fresh().get());
    }
    if (!record.caller().equals(claim.caller())) {
      return new StoreAnswer.Missing();
    }
    boolean again = claim.attach() == record.attach() && claim.owner().equals(record.owner());
    if (!again && claim.attach() <= record.attach()) {
      return new StoreAnswer.Fenced();
    }
    world.granted(claim);
    SessionRecord claimed = again ? record : record.claimed(claim.attach(), claim.owner());
    records.put(claim.id(), claimed);
    return new StoreAnswer.Claimed(claimed);
  }

  private StoreAnswer apply(StoreRequest.Save save, @Nullable SessionRecord record) {
    if (record == null || record.attach() < save.attach()) {
      return new StoreAnswer.Lost("it forgets nothing here");
    }
    if (record.attach() != save.attach() || !record.owner().equals(save.owner())) {
      return new StoreAnswer.Fenced();
    }
    if (record.version() == save.version()) {
      records.put(save.id(), record.changed(save));
      world.remembered(save);
      return new StoreAnswer.Saved();
    }
    return record.version() == save.version() + 1
        ? new StoreAnswer.Saved()
        : new StoreAnswer.Failed();
  }
}
