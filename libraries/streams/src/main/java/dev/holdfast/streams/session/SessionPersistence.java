package dev.holdfast.streams.session;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.SequencedMessage;
import dev.holdfast.streams.SessionRecord;
import dev.holdfast.streams.SessionRecord.Caller;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.StoreResponse;
import dev.holdfast.streams.wire.HandshakeRefusal;
import dev.holdfast.streams.wire.Hello;
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
final class SessionPersistence {
  /** The meaning of a store's answer for the session, with the refusal for the call that asked. */
  enum StoreOutcome {
    CLAIMED(null),
    /** The store could not tell; the client asks again. */
    NOT_CLAIMED(HandshakeRefusal.busy(CLAIM_AGAIN_MILLIS)),
    MISSING(HandshakeRefusal.of(HandshakeRefusal.RefusalCode.UNKNOWN)),
    FENCED(HandshakeRefusal.of(HandshakeRefusal.RefusalCode.FENCED)),
    /** The store's record differs from the saved one. */
    LOST(null),
    /** Another instance had the session meanwhile, so the state in memory is stale. */
    STALE(HandshakeRefusal.busy(1)),
    SAVED(null),
    NOTHING(null);

    private final @Nullable HandshakeRefusal handshakeRefusal;

    StoreOutcome(@Nullable HandshakeRefusal handshakeRefusal) {
      this.handshakeRefusal = handshakeRefusal;
    }

    HandshakeRefusal handshakeRefusal() {
      return handshakeRefusal == null ? HandshakeRefusal.busy(1) : handshakeRefusal;
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
  SessionPersistence(SessionId id, String owner, Caller caller, Backoff backoff, Duration ttl) {
    this.id = id;
    this.owner = owner;
    this.caller = caller;
    this.backoff = backoff;
    this.ttl = ttl;
  }

  /** An attachment is to be let in; replaces a claim that was not sent yet. */
  void claim(Hello hello) {
    // Before it is in the store nothing was processed, so a session that holds all messages may
    // begin; but
    // who was welcomed was in the store, and would find that it has forgotten.
    boolean mayBegin = hello.low() == 1 && hello.watermark() == 0 && hello.token().isNone();
    Optional<SessionRecord> fresh =
        mayBegin
            ? Optional.of(SessionRecord.fresh(hello.attach(), owner, caller))
            : Optional.empty();
    claim = new StoreRequest.Claim(id, hello.attach(), owner, caller, fresh, keep());
  }

  /** Prepares a save when the store's record is behind the session, or is about to expire. */
  private void want(
      long nowNanos, SendBuffer sendBuffer, ReceiveBuffer receiveBuffer, boolean over) {
    if (save != null || record == null) {
      return;
    }
    long processed = receiveBuffer.toCommit();
    long end = over ? sendBuffer.end() : sendBuffer.endToCommit();
    boolean news = processed > savedProcessed || end > savedEnd || (over && !savedOver);
    Long renewNanos = renewNanos();
    if (!news && (renewNanos == null || nowNanos - renewNanos < 0)) {
      return;
    }
    List<SequencedMessage> appended = new ArrayList<>();
    for (long seq = Math.max(savedEnd + 1, sendBuffer.low()); seq <= end; seq++) {
      SequencedMessage sequencedMessage = sendBuffer.at(seq);
      if (sequencedMessage != null) {
        appended.add(sequencedMessage);
      }
    }
    save =
        new StoreRequest.Save(
            id,
            attach,
            owner,
            version,
            processed,
            sendBuffer.acked(),
            appended,
            receiveBuffer.isFinished(),
            over,
            over ? ttl : keep());
  }

  /** The next request, if there is one. */
  @Nullable StoreRequest next(
      long nowNanos, SendBuffer sendBuffer, ReceiveBuffer receiveBuffer, boolean over) {
    want(nowNanos, sendBuffer, receiveBuffer, over);
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

  StoreOutcome onAnswer(long nowNanos, StoreRequest request, StoreResponse answer) {
    if (request != asked) {
      return StoreOutcome.NOTHING;
    }
    asked = null;
    if (answer instanceof StoreResponse.Fenced) {
      return StoreOutcome.FENCED;
    }
    if (answer instanceof StoreResponse.Missing) {
      // Of a session that is there it is the store that has forgotten.
      return record == null ? StoreOutcome.MISSING : StoreOutcome.LOST;
    }
    if (answer instanceof StoreResponse.Lost) {
      return StoreOutcome.LOST;
    }
    if (answer instanceof StoreResponse.Claimed claimed) {
      return onClaimed(nowNanos, request.attach(), claimed.record());
    }
    if (answer instanceof StoreResponse.Saved && save != null) {
      return onSaved(nowNanos, save);
    }
    if (request instanceof StoreRequest.Claim) {
      return StoreOutcome.NOT_CLAIMED;
    }
    retryNanos = nowNanos + backoff.next().toNanos();
    return StoreOutcome.NOTHING;
  }

  private StoreOutcome onClaimed(long nowNanos, long newAttach, SessionRecord claimed) {
    boolean ours =
        record == null
            || (claimed.previousOwner().equals(owner)
                && (claimed.previousAttach() == attach || claimed.previousAttach() == newAttach));
    if (!ours) {
      return StoreOutcome.STALE;
    }
    if (record != null && claimed.version() < version) {
      return StoreOutcome.LOST;
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
    return StoreOutcome.CLAIMED;
  }

  private StoreOutcome onSaved(long nowNanos, StoreRequest.Save done) {
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
    return StoreOutcome.SAVED;
  }

  /** Renews the record soon, to hear whether another instance has the session now. */
  void checkOwner(long nowNanos) {
    keptNanos = nowNanos - ttl.toNanos();
  }

  /** The highest position of the server that is in the store. */
  long savedEnd() {
    return savedEnd;
  }

  /** When the next request is due, if one waits. */
  void addDeadlines(EarliestDeadline earliestDeadline) {
    earliestDeadline.at(asked == null ? retryNanos : null);
    earliestDeadline.at(renewNanos());
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
