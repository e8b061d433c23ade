package dev.holdfast.streams;

import dev.holdfast.core.PureCore;
import dev.holdfast.streams.Outbox.Item;
import dev.holdfast.streams.SessionEnd.Kind;
import dev.holdfast.streams.SessionRecord.Caller;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.Refusal;
import dev.holdfast.streams.wire.SessionToken;
import dev.holdfast.streams.wire.Welcome;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The side of a session that lets attachments in: only the newest, by its number, and one at a
 * time.
 *
 * <p>With level durable nothing is acknowledged, sent or told as an end before the store has it;
 * the one whose write the store refuses as fenced has lost the session to another instance, says
 * RELEASED and touches nothing any more.
 */
@PureCore
public final class ServerSession extends StreamSession {
  /** A call that waits for the store's word. */
  private record Offer(StreamAttachment attachment, Hello hello) {}

  private final Caller caller;
  private final SessionToken token;
  final Fence fence;
  private final @Nullable Durability durability;
  private @Nullable Offer offered;
  private @Nullable Long expiresNanos;
  private @Nullable SessionEnd wanted;
  private final Departure departure = new Departure();
  private boolean restored;
  private boolean started;
  private boolean leavingForGood;
  private @Nullable StreamAttachment rotating;
  private boolean moved;
  private long spreadMillis;

  ServerSession(
      Hello first,
      SessionOptions options,
      SessionRules rules,
      Caller caller,
      SessionToken token,
      @Nullable Durability durability) {
    super(first.session(), options, rules);
    this.caller = caller;
    this.token = token;
    this.fence = rules.fence();
    this.durability = durability;
  }

  /** The final status; messages are refused afterwards. */
  public void finish(long nowNanos, int status, Payload trailers) {
    outbox.finish(Flag.FINAL, status, trailers);
  }

  /** A call came whose hello names this session and whose token was checked. */
  void onHello(long nowNanos, StreamAttachment attachment, Hello hello) {
    if (state().isTerminal() || end != null) {
      refuse(attachment, Refusal.over(Refusal.Code.EXPIRED, processed()));
    } else if (!fence.admits(hello.attach())) {
      refuse(attachment, Refusal.of(Refusal.Code.FENCED));
    } else if (durability == null) {
      admit(nowNanos, attachment, hello);
    } else {
      refuseOffered(Long.MAX_VALUE, Refusal.of(Refusal.Code.FENCED));
      offered = new Offer(attachment, hello);
      if (state() == SessionState.NEW) {
        become(SessionState.OPENING);
      }
      durability.claim(hello);
    }
  }

  /** The store answered a request, or time was over ({@link StoreAnswer.Failed}). */
  public void onStored(long nowNanos, StoreRequest request, StoreAnswer answer) {
    if (durability == null || state().isTerminal()) {
      return;
    }
    Durability.News news = durability.onAnswer(nowNanos, request, answer);
    switch (news) {
      case CLAIMED -> onClaimed(nowNanos, request.attach(), durability.record());
      case SAVED -> onSaved(nowNanos, durability.saved());
      case NOT_CLAIMED -> {
        refuseOffered(request.attach(), news.refusal());
        if (!started && offered == null) {
          release();
        }
      }
      case MISSING, FENCED, STALE -> turnAway(request.attach(), news.refusal());
      case LOST -> over(wanted == null ? SessionEnd.of(Kind.LOST_STORE, this) : wanted);
      case NOTHING -> {}
    }
  }

  @Override
  public void onClosed(long nowNanos, StreamAttachment attachment, PhysicalEnd how) {
    if (offered != null && attachment == offered.attachment()) {
      offered = null;
    }
    if (attachment != current || state().isTerminal()) {
      return;
    }
    if (end == null && isStuck(attachment, how)) {
      conclude(SessionEnd.of(Kind.LOST_STUCK, this));
    }
    detach(nowNanos);
  }

  /** A peer that is unproved to itself can't put its half-close into a frame. */
  @Override
  public void onHalfClosed(long nowNanos, StreamAttachment attachment) {
    if (attachment == current && attachment.begun && !attachment.welcomeSeen) {
      attachment.lastSeq++;
      receive(nowNanos, attachment, attachment.lastSeq, Flag.HALF_CLOSE, 0, Payload.EMPTY);
    }
  }

  /**
   * The instance, or the connection, will end.
   *
   * @param leaving whether the instance goes: with level resume the session then ends with MOVED,
   *     when all that came was processed, after {@code grace} at the latest
   */
  public void drain(long nowNanos, boolean leaving, Duration grace) {
    rotating = current;
    leavingForGood |= leaving;
    if (leaving && durability == null) {
      departure.begin(nowNanos + grace.toNanos());
      leave(nowNanos);
    }
  }

  /** Clients are asked to spread their next attempts over so much time. */
  void spread(Duration over) {
    spreadMillis = over.toMillis();
  }

  @Override
  public void onTimeout(long nowNanos) {
    if (state().isTerminal()) {
      return;
    }
    if (wanted == null && end == null && Due.isOver(nowNanos, deadlineNanos)) {
      conclude(SessionEnd.of(Kind.DEADLINE, this));
    } else if (wanted == null && Due.isOver(nowNanos, expiresNanos)) {
      conclude(SessionEnd.of(Kind.LOST_EXPIRED, this));
    } else {
      leave(nowNanos);
    }
    rotating = intake.isHeldUp(nowNanos, current) ? current : rotating;
    if (current != null && current.isSilent(nowNanos, options.timing().silent())) {
      close(current, AttachmentEnd.SILENT);
      detach(nowNanos);
    }
  }

  public Caller caller() {
    return caller;
  }

  /** The highest number of an attachment that was let in. */
  public long attach() {
    return fence.newest();
  }

  private void admit(long nowNanos, StreamAttachment attachment, Hello hello) {
    if (!agrees(hello.watermark(), hello.low())) {
      refuse(attachment, Refusal.over(Refusal.Code.GAP, processed()));
      conclude(SessionEnd.of(Kind.LOST_GAP, this));
      return;
    }
    fence.admitted(hello.attach(), hello.untouched());
    if (outbox.isSettled()) {
      refuse(attachment, Refusal.over(Refusal.Code.EXPIRED, processed()));
      settle();
      return;
    }
    if (current != null && fence.endsOlder()) {
      close(current, AttachmentEnd.REPLACED);
    }
    if (hello.remainingMillis() > 0 && deadlineNanos == null) {
      deadlineNanos = nowNanos + Duration.ofMillis(hello.remainingMillis()).toNanos();
    }
    expiresNanos = null;
    if (state() == SessionState.NEW) {
      become(SessionState.OPENING);
    } else if (state() == SessionState.DETACHED) {
      become(SessionState.RESUMING);
    }
    Welcome welcome =
        new Welcome(
            token,
            inbox.watermark(),
            outbox.low(),
            inbox.credit(),
            options.timing().ttl().toMillis(),
            acks.policy().every(),
            acks.policy().delayMillis(),
            spreadMillis);
    outputs.add(new SessionOutput.Accept(attachment, welcome));
    attachment.toldAck = welcome.watermark();
    attachment.toldCredit = welcome.credit();
    carry(nowNanos, attachment, hello.low(), hello.credit(), hello.watermark() + 1);
    if (!started) {
      started = true;
      boolean halfClosed = inbox.isFinished() && !outbox.isFinished();
      outputs.add(new SessionOutput.Start(inbox.processed(), halfClosed, outbox.end()));
    }
  }

  private void onClaimed(long nowNanos, long attach, SessionRecord record) {
    boolean ours = record.caller().equals(caller);
    if (!ours || record.over()) {
      Refusal.Code code = ours ? Refusal.Code.EXPIRED : Refusal.Code.DENIED;
      turnAway(attach, Refusal.over(code, ours ? record.processed() : 0));
      return;
    }
    if (!restored) {
      restored = true;
      outbox.restore(record);
      inbox.restore(record);
    }
    Offer offer = offered;
    if (offer != null && offer.hello().attach() == attach) {
      offered = null;
      admit(nowNanos, offer.attachment(), offer.hello());
    } else if (state() == SessionState.OPENING) {
      // The call ended before the store answered; the session waits for the next one.
      become(SessionState.DETACHED);
      expiresNanos = nowNanos + options.timing().ttl().toNanos();
    }
  }

  private void onSaved(long nowNanos, StoreRequest.Save saved) {
    inbox.commit(saved.processed());
    scheduleAck(nowNanos);
    if (saved.over() && wanted != null) {
      over(wanted);
    }
  }

  @Override
  void onProcessed(long nowNanos) {
    if (durability == null) {
      super.onProcessed(nowNanos);
    }
    leave(nowNanos);
  }

  @Override
  boolean mayDeliver() {
    return !departure.isFrozen() && wanted == null && started;
  }

  @Override
  boolean maySend(StreamAttachment attachment, Item item) {
    boolean kept = durability == null || item.seq() <= durability.savedEnd();
    return kept && super.maySend(attachment, item);
  }

  @Override
  void beforeFrames(long nowNanos) {
    boolean over = wanted != null;
    StoreRequest request =
        durability == null ? null : durability.next(nowNanos, outbox, inbox, over);
    if (request != null) {
      outputs.add(new SessionOutput.Store(request));
    }
  }

  @Override
  void afterInput(long nowNanos) {
    if (outbox.isSettled()) {
      settle();
    }
  }

  @Override
  void onFlags(long nowNanos, StreamAttachment from, FrameHeader header) {
    if (header.has(Flag.CANCEL)) {
      conclude(SessionEnd.of(Kind.CANCELLED, this));
    } else if (header.has(Flag.SETTLED) && header.low() <= inbox.received()) {
      departure.onSettled();
      leave(nowNanos);
    }
  }

  @Override
  void onUnmarked(long nowNanos, StreamAttachment from, Payload body) {
    if (from.lastSeq == 0 || from.welcomeSeen) {
      broken(nowNanos, from);
      return;
    }
    from.lastSeq++;
    receive(nowNanos, from, from.lastSeq, 0, 0, body);
  }

  @Override
  void addDeadlines(Due due) {
    if (wanted == null) {
      due.at(deadlineNanos);
      due.at(expiresNanos);
      due.at(departure.graceEndsNanos());
    }
    if (durability != null) {
      durability.addDeadlines(due);
    }
    if (current != null) {
      current.addSilence(due, options.timing().silent());
    }
  }

  @Override
  int wantedFlags() {
    boolean drain = leavingForGood || (rotating != null && rotating == current);
    return (drain ? Flag.DRAIN : 0) | (departure.hasBegun() ? Flag.LEAVING : 0);
  }

  @Override
  void broken(long nowNanos, StreamAttachment attachment) {
    close(attachment, AttachmentEnd.BROKEN);
    if (isStuck(attachment, PhysicalEnd.stream(PhysicalEnd.UNAVAILABLE))) {
      conclude(SessionEnd.of(Kind.LOST_STUCK, this));
    }
    detach(nowNanos);
  }

  /** The last message, with which both sides know the same numbers. */
  private void leave(long nowNanos) {
    if (departure.isTime(nowNanos, inbox) && !outbox.isFinished()) {
      moved = true;
      outbox.finish(Flag.FINAL | Flag.MOVED, PhysicalEnd.UNAVAILABLE, Payload.EMPTY);
    }
  }

  private void settle() {
    conclude(SessionEnd.of(moved ? Kind.MOVED : Kind.FINISHED, this));
  }

  private void conclude(SessionEnd how) {
    if (wanted != null || end != null) {
      return;
    }
    wanted = how;
    if (durability == null) {
      over(how);
    }
  }

  private void over(SessionEnd how) {
    end(how, AttachmentEnd.DONE, Refusal.over(Refusal.Code.EXPIRED, processed()));
  }

  private void turnAway(long attach, Refusal refusal) {
    refuseOffered(attach, refusal);
    release();
  }

  private void release() {
    end(SessionEnd.of(Kind.RELEASED, this), AttachmentEnd.REPLACED, Refusal.busy(1));
  }

  private void end(SessionEnd how, AttachmentEnd why, Refusal refusal) {
    if (started) {
      tell(how);
    }
    if (current != null) {
      close(current, why);
      current = null;
    }
    refuseOffered(Long.MAX_VALUE, refusal);
    become(how.kind().isLost() ? SessionState.LOST : SessionState.CLOSED);
  }

  private void detach(long nowNanos) {
    current = null;
    if (!state().isTerminal()) {
      become(SessionState.DETACHED);
      expiresNanos = nowNanos + options.timing().ttl().toNanos();
    }
  }

  private void refuseOffered(long upTo, Refusal refusal) {
    if (offered != null && offered.hello().attach() <= upTo) {
      refuse(offered.attachment(), refusal);
      offered = null;
    }
  }

  private void refuse(StreamAttachment attachment, Refusal refusal) {
    outputs.add(new SessionOutput.Refuse(attachment, refusal));
  }
}
