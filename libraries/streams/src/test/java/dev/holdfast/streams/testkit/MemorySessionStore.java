package dev.holdfast.streams.testkit;

import dev.holdfast.streams.SessionRecord;
import dev.holdfast.streams.SessionStore;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.StoreResponse;
import dev.holdfast.streams.session.SessionStoreModel;
import dev.holdfast.streams.wire.SessionId;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A store in memory, as the interface describes it: for servers of one process. Thread-safe. */
public class MemorySessionStore implements SessionStore {
  private final SessionStoreModel records;
  private final Map<SessionId, Long> keptUntilNanos = new HashMap<>();

  public MemorySessionStore() {
    this(Long.MAX_VALUE);
  }

  /** One that can't keep records with more bytes of messages. */
  public MemorySessionStore(long maxRecordBytes) {
    records = new SessionStoreModel(maxRecordBytes);
  }

  /** The highest position that any session has processed. */
  public synchronized long processed() {
    return keptUntilNanos.keySet().stream()
        .map(records::find)
        .filter(Objects::nonNull)
        .mapToLong(SessionRecord::processed)
        .max()
        .orElse(0);
  }

  /** Forgets everything, as a store that lost its memory. */
  public synchronized void wipe() {
    keptUntilNanos.keySet().forEach(records::forget);
    keptUntilNanos.clear();
  }

  @Override
  public synchronized CompletionStage<StoreResponse> claim(StoreRequest.Claim request) {
    return CompletableFuture.completedFuture(answer(request));
  }

  @Override
  public synchronized CompletionStage<StoreResponse> save(StoreRequest.Save request) {
    return CompletableFuture.completedFuture(answer(request));
  }

  private StoreResponse answer(StoreRequest request) {
    long nowNanos = System.nanoTime();
    Long untilNanos = keptUntilNanos.get(request.id());
    if (untilNanos != null && nowNanos - untilNanos >= 0) {
      records.forget(request.id());
      keptUntilNanos.remove(request.id());
    }
    StoreResponse answer = records.answer(request);
    if (answer instanceof StoreResponse.Claimed || answer instanceof StoreResponse.Saved) {
      keptUntilNanos.put(request.id(), nowNanos + request.keep().toNanos());
    }
    return answer;
  }
}
