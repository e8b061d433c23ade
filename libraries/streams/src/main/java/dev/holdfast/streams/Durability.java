package dev.holdfast.streams;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.PureCore;
import dev.holdfast.streams.Outbox.Item;
import dev.holdfast.streams.SessionRecord.Caller;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.Refusal;
import dev.holdfast.streams.wire.SessionId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The store protocol of one durable session. Requests run one at a time, and a claim precedes a
 * change. A change with unknown outcome is repeated unaltered, so that the store can recognize it.
 */
@PureCore
final class Durability {
  /** The meaning of a store's answer for the session, with the refusal for the call that asked. */
  enum News {
    CLAIMED(null),
    /** The store could not tell; the client asks again. */
    NOT_CLAIMED(Refusal.busy(CLAIM_AGAIN_MILLIS)),
    MISSING(Refusal.of(Refusal.Code.UNKNOWN)),
    FENCED(Refusal.of(Refusal.Code.FENCED)),
    /** The store's record differs from the saved one. */
    LOST(null),
    /** Another instance had the session meanwhile, so the state in memory is stale. */
    STALE(Refusal.busy(1)),
    SAVED(null),
    NOTHING(null);

    private final @Nullable Refusal refusal;

    News(@Nullable Refusal refusal) {
      this.refusal = refusal;
    }

    Refusal refusal() {
      return refusal == null ? Refusal.busy(1) : refusal;
    }
  }

  private static final long CLAIM_AGAIN_MILLIS = 100;
  private static final int KEPT_TTLS = 3;

  private final SessionId id;
  private final String owner;
  private final Caller caller;
  private final Backoff backoff;
  private final Duration ttl;
  private StoreRequest.@Nullable Claim claim;
  private StoreRequest.@Nullable Save save;
  private StoreRequest.@Nullable Save saved;
  private @Nullable StoreRequest asked;
  private @Nullable SessionRecord record;
  private @Nullable Long retryNanos;
  private long attach;
  private long version;
  private long savedEnd;
  private long savedProcessed;
  private boolean savedOver;
  private long keptNanos;

  /**
   * Creates the store protocol of one session.
   *
   * @param ttl the longest time without an attachment
   */
  Durability(SessionId id, String owner, Caller caller, Backoff backoff, Duration ttl) {
    this.id = id;
    this.owner = owner;
    this.caller = caller;
    this.backoff = backoff;
    this.ttl = ttl;
  }

  /** An attachment is to be let in; replaces a claim that was not sent yet. */
  void claim(Hello hello) {
    // Before it is in the store nothing was processed, so whoever holds everything may begin; but
    // who was welcomed was in the store, and would find that it has forgotten.
    boolean mayBegin = hello.low() == 1 && hello.watermark() == 0 && hello.token().isNone();
    Optional<SessionRecord> fresh =
        mayBegin
            ? Optional.of(SessionRecord.fresh(hello.attach(), owner, caller))
            : Optional.empty();
    claim = new StoreRequest.Claim(id, hello.attach(), owner, caller, fresh, keep());
  }

  /** Prepares a save when the store's record is behind the session, or is about to expire. */
  private void want(long nowNanos, Outbox outbox, Inbox inbox, boolean over) {
    if (save != null || record == null) {
      return;
    }
    long processed = inbox.toCommit();
    long end = over ? outbox.end() : outbox.endToCommit();
    boolean news = processed > savedProcessed || end > savedEnd || (over && !savedOver);
    Long renewNanos = renewNanos();
    if (!news && (renewNanos == null || nowNanos - renewNanos < 0)) {
      return;
    }
    List<Item> appended = new ArrayList<>();
    for (long seq = Math.max(savedEnd + 1, outbox.low()); seq <= end; seq++) {
      Item item = outbox.at(seq);
      if (item != null) {
        appended.add(item);
      }
    }
    save =
        new StoreRequest.Save(
            id,
            attach,
            owner,
            version,
            processed,
            outbox.acked(),
            appended,
            inbox.isFinished(),
            over,
            over ? ttl : keep());
  }

  /** The next request, if there is one. */
  @Nullable StoreRequest next(long nowNanos, Outbox outbox, Inbox inbox, boolean over) {
    want(nowNanos, outbox, inbox, over);
    if (asked != null) {
      return null;
    }
    if (claim != null) {
      asked = claim;
      claim = null;
    } else if (save != null && (retryNanos == null || nowNanos - retryNanos >= 0)) {
      retryNanos = null;
      asked = save;
    }
    return asked;
  }

  News onAnswer(long nowNanos, StoreRequest request, StoreAnswer answer) {
    if (request != asked) {
      return News.NOTHING;
    }
    asked = null;
    if (answer instanceof StoreAnswer.Fenced) {
      return News.FENCED;
    }
    if (answer instanceof StoreAnswer.Missing) {
      // Of a session that is there it is the store that has forgotten.
      return record == null ? News.MISSING : News.LOST;
    }
    if (answer instanceof StoreAnswer.Lost) {
      return News.LOST;
    }
    if (answer instanceof StoreAnswer.Claimed claimed) {
      return onClaimed(nowNanos, request.attach(), claimed.record());
    }
    if (answer instanceof StoreAnswer.Saved && save != null) {
      return onSaved(nowNanos, save);
    }
    if (request instanceof StoreRequest.Claim) {
      return News.NOT_CLAIMED;
    }
    retryNanos = nowNanos + backoff.next().toNanos();
    return News.NOTHING;
  }

  private News onClaimed(long nowNanos, long newAttach, SessionRecord claimed) {
    boolean ours =
        record == null
            || (claimed.previousOwner().equals(owner)
                && (claimed.previousAttach() == attach || claimed.previousAttach() == newAttach));
    if (!ours) {
      return News.STALE;
    }
    if (record != null && claimed.version() < version) {
      return News.LOST;
    }
    boolean first = record == null;
    record = claimed;
    keptNanos = nowNanos;
    attach = newAttach;
    if (first) {
      version = claimed.version();
      savedProcessed = claimed.processed();
      savedEnd = claimed.acked() + claimed.unacked().size();
      savedOver = claimed.over();
    } else if (save != null) {
      // What is on its way was made under the old fence.
      save =
          new StoreRequest.Save(
              id,
              attach,
              owner,
              save.version(),
              save.processed(),
              save.acked(),
              save.appended(),
              save.halfClosed(),
              save.over(),
              save.keep());
    }
    return News.CLAIMED;
  }

  private News onSaved(long nowNanos, StoreRequest.Save done) {
    backoff.reset();
    keptNanos = nowNanos;
    save = null;
    saved = done;
    version = done.version() + 1;
    savedProcessed = done.processed();
    savedOver = done.over();
    if (!done.appended().isEmpty()) {
      savedEnd = done.appended().get(done.appended().size() - 1).seq();
    }
    return News.SAVED;
  }

  /** The highest position of the server that is in the store. */
  long savedEnd() {
    return savedEnd;
  }

  /** When the next request is due, if one waits. */
  void addDeadlines(Due due) {
    due.at(asked == null ? retryNanos : null);
    due.at(renewNanos());
  }

  /** When the record is to be renewed, lest the store forgets a session that is only idle. */
  private @Nullable Long renewNanos() {
    return record == null || save != null || savedOver ? null : keptNanos + ttl.toNanos();
  }

  /** Renewed once a TTL: two of them may pass without a word from the store. */
  private Duration keep() {
    return ttl.multipliedBy(KEPT_TTLS);
  }

  /** The record as of the last claim. */
  SessionRecord record() {
    if (record == null) {
      throw new IllegalStateException(id + ": no record");
    }
    return record;
  }

  /** The change that was stored last. */
  StoreRequest.Save saved() {
    if (saved == null) {
      throw new IllegalStateException(id + ": nothing saved");
    }
    return saved;
  }
}
