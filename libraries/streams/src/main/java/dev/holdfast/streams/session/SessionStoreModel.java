package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.SequencedMessage;
import dev.holdfast.streams.SessionRecord;
import dev.holdfast.streams.SessionStore;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.StoreResponse;
import dev.holdfast.streams.wire.SessionId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An in-memory implementation of {@link SessionStore}'s answers: the model of every store, for
 * simulations and tests. Not thread-safe. Records never expire by themselves; a caller expires them
 * by {@link #forget}.
 */
@PureCore
public class SessionStoreModel {
  private final Map<SessionId, SessionRecord> records = new HashMap<>();
  private final long maxRecordBytes;

  /** Creates a store for records of any size. */
  public SessionStoreModel() {
    this(Long.MAX_VALUE);
  }

  /** No record is kept with more bytes of messages. */
  public SessionStoreModel(long maxRecordBytes) {
    this.maxRecordBytes = maxRecordBytes;
  }

  /** Carries a request out, as one step. */
  public final StoreResponse answer(StoreRequest request) {
    return request instanceof StoreRequest.Claim claim
        ? claim(claim)
        : save((StoreRequest.Save) request);
  }

  /** The record of a session, if there is one. */
  public final @Nullable SessionRecord find(SessionId id) {
    return records.get(id);
  }

  public final void forget(SessionId id) {
    records.remove(id);
  }

  /**
   * Whether newer changes of the same writer were stored before this one arrived: bytes of a
   * connection that was given up may still be executed.
   */
  protected boolean isOvertaken(SessionRecord known, StoreRequest.Save save) {
    return known.version() > save.version() + 1;
  }

  private StoreResponse claim(StoreRequest.Claim claim) {
    SessionRecord known = records.get(claim.id());
    if (known == null) {
      return claim.fresh().isEmpty()
          ? new StoreResponse.Missing()
          : claimed(claim, claim.fresh().get());
    }
    if (!known.caller().equals(claim.caller())) {
      return new StoreResponse.Missing();
    }
    boolean again = claim.attach() == known.attach() && claim.owner().equals(known.owner());
    if (!again && claim.attach() <= known.attach()) {
      return new StoreResponse.Fenced();
    }
    return claimed(claim, again ? known : known.claimed(claim.attach(), claim.owner()));
  }

  private StoreResponse claimed(StoreRequest.Claim claim, SessionRecord record) {
    records.put(claim.id(), record);
    return new StoreResponse.Claimed(record);
  }

  private StoreResponse save(StoreRequest.Save save) {
    SessionRecord known = records.get(save.id());
    if (known == null) {
      return new StoreResponse.Lost("no record");
    }
    if (known.attach() < save.attach()) {
      return lost(save, "an older fence than this writer had");
    }
    if (known.attach() != save.attach()
        || !known.owner().equals(save.owner())
        || isOvertaken(known, save)) {
      return new StoreResponse.Fenced();
    }
    if (known.version() == save.version() + 1) {
      return new StoreResponse.Saved();
    }
    if (known.version() != save.version()) {
      return lost(save, "another version");
    }
    SessionRecord changed = known.changed(save);
    if (bytes(changed.unacked()) > maxRecordBytes) {
      return lost(save, "too large");
    }
    records.put(save.id(), changed);
    return new StoreResponse.Saved();
  }

  private StoreResponse lost(StoreRequest.Save save, String why) {
    records.remove(save.id());
    return new StoreResponse.Lost(why);
  }

  private static long bytes(List<SequencedMessage> sequencedMessages) {
    return sequencedMessages.stream()
        .mapToLong(sequencedMessage -> sequencedMessage.body().sizeBytes())
        .sum();
  }
}
