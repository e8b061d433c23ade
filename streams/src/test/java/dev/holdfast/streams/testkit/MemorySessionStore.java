package dev.holdfast.streams.testkit;

import dev.holdfast.streams.Outbox;
import dev.holdfast.streams.SessionRecord;
import dev.holdfast.streams.SessionStore;
import dev.holdfast.streams.StoreAnswer;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.wire.SessionId;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A store in memory, as the interface describes it: for servers of one process. Thread-safe. */
public class MemorySessionStore implements SessionStore {
  private record Kept(SessionRecord record, long untilNanos) {}

  private final Map<SessionId, Kept> records = new HashMap<>();
  private final long maxRecordBytes;

  public MemorySessionStore() {
    this(Long.MAX_VALUE);
  }

  /** One that can't keep records with more bytes of messages. */
  public MemorySessionStore(long maxRecordBytes) {
    this.maxRecordBytes = maxRecordBytes;
  }

  /** The highest position that any session has processed. */
  public synchronized long processed() {
    return records.values().stream().mapToLong(kept -> kept.record().processed()).max().orElse(0);
  }

  /** Forgets everything, as a store that lost its memory. */
  public synchronized void wipe() {
    records.clear();
  }

  @Override
  public synchronized CompletionStage<StoreAnswer> claim(StoreRequest.Claim request) {
    return CompletableFuture.completedFuture(answer(request, find(request.id())));
  }

  @Override
  public synchronized CompletionStage<StoreAnswer> save(StoreRequest.Save request) {
    return CompletableFuture.completedFuture(answer(request, find(request.id())));
  }

  private StoreAnswer answer(StoreRequest.Claim claim, @Nullable SessionRecord known) {
    if (known == null) {
      if (claim.fresh().isEmpty()) {
        return new StoreAnswer.Missing();
      }
      return claimed(claim, claim.fresh().get());
    }
    if (!known.caller().equals(claim.caller())) {
      return new StoreAnswer.Missing();
    }
    boolean again = claim.attach() == known.attach() && claim.owner().equals(known.owner());
    if (!again && claim.attach() <= known.attach()) {
      return new StoreAnswer.Fenced();
    }
    return claimed(claim, again ? known : known.claimed(claim.attach(), claim.owner()));
  }

  private StoreAnswer claimed(StoreRequest.Claim claim, SessionRecord record) {
    keep(claim.id(), record, claim.keep());
    return new StoreAnswer.Claimed(record);
  }

  private StoreAnswer answer(StoreRequest.Save save, @Nullable SessionRecord known) {
    if (known == null) {
      return new StoreAnswer.Lost("no record");
    }
    if (known.attach() >= save.attach()
        && !(known.attach() == save.attach() && known.owner().equals(save.owner()))) {
      return new StoreAnswer.Fenced();
    }
    boolean same = known.attach() == save.attach() && known.version() == save.version();
    boolean again = known.attach() == save.attach() && known.version() == save.version() + 1;
    if (!same && !again) {
      records.remove(save.id());
      return new StoreAnswer.Lost("another version");
    }
    SessionRecord now = same ? known.changed(save) : known;
    if (bytes(now.unacked()) > maxRecordBytes) {
      records.remove(save.id());
      return new StoreAnswer.Lost("too large");
    }
    keep(save.id(), now, save.keep());
    return new StoreAnswer.Saved();
  }

  private void keep(SessionId id, SessionRecord record, Duration time) {
    records.put(id, new Kept(record, System.nanoTime() + time.toNanos()));
  }

  private @Nullable SessionRecord find(SessionId id) {
    Kept kept = records.get(id);
    if (kept != null && System.nanoTime() - kept.untilNanos() >= 0) {
      records.remove(id);
      return null;
    }
    return kept == null ? null : kept.record();
  }

  private static long bytes(List<Outbox.Item> items) {
    return items.stream().mapToLong(item -> item.body().sizeBytes()).sum();
  }
}
