package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SequencedMessage;
import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.SessionEnd.SessionEndKind;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionRecord;
import dev.holdfast.streams.SessionRecord.Caller;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.StoreResponse;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import dev.holdfast.streams.wire.HandshakeRefusal;
import dev.holdfast.streams.wire.Hello;
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
  private final @Nullable SessionPersistence sessionPersistence;
  private @Nullable Offer pendingAttachment;
  private @Nullable Long expiresNanos;
  private @Nullable SessionEnd pendingEnd;
  private final SessionDrain sessionDrain = new SessionDrain();
  private boolean restored;
  private boolean started;
  private boolean leavingForGood;
  private @Nullable StreamAttachment drainingAttachment;
  private boolean moved;
  private long spreadMillis;

  ServerSession(
      Hello first,
      SessionOptions options,
      SessionRules rules,
      Caller caller,
      SessionToken token,
      @Nullable SessionPersistence sessionPersistence) {
    super(first.session(), options, rules);
    this.caller = caller;
    this.token = token;
    this.fence = rules.fence();
    this.sessionPersistence = sessionPersistence;
  }

  /** The final status; messages are refused afterwards. */
  public void finish(long nowNanos, int status, Payload trailers) {
    sendBuffer.finish(Flag.FINAL, status, trailers);
  }

  /** A call came whose hello names this session and whose token was checked. */
  void onHello(long nowNanos, StreamAttachment attachment, Hello hello) {
    if (state().isTerminal() || end != null) {
      refuse(attachment, HandshakeRefusal.over(HandshakeRefusal.RefusalCode.EXPIRED, processed()));
    } else if (!fence.admits(hello.attach())) {
      refuse(attachment, HandshakeRefusal.of(HandshakeRefusal.RefusalCode.FENCED));
    } else if (sessionPersistence == null) {
      admit(nowNanos, attachment, hello);
    } else {
      refuseOffered(Long.MAX_VALUE, HandshakeRefusal.of(HandshakeRefusal.RefusalCode.FENCED));
      pendingAttachment = new Offer(attachment, hello);
      if (state() == SessionState.NEW) {
        transitionTo(SessionState.OPENING);
      }
      sessionPersistence.claim(hello);
    }
  }

  /** The store answered a request, or time was over ({@link StoreResponse.Failed}). */
  public void onStored(long nowNanos, StoreRequest request, StoreResponse answer) {
    if (sessionPersistence == null || state().isTerminal()) {
      return;
    }
    SessionPersistence.StoreOutcome storeOutcome =
        sessionPersistence.onAnswer(nowNanos, request, answer);
    switch (storeOutcome) {
      case CLAIMED -> onClaimed(nowNanos, request.attach(), sessionPersistence.record());
      case SAVED -> onSaved(nowNanos, sessionPersistence.saved());
      case NOT_CLAIMED -> {
        refuseOffered(request.attach(), storeOutcome.handshakeRefusal());
        if (!started && pendingAttachment == null) {
          release();
        }
      }
      case MISSING, FENCED, STALE -> turnAway(request.attach(), storeOutcome.handshakeRefusal());
      case LOST -> over(pendingEnd == null ? endOf(SessionEndKind.LOST_STORE) : pendingEnd);
      case NOTHING -> {}
    }
  }

  @Override
  public void onClosed(long nowNanos, StreamAttachment attachment, CallClosure how) {
    if (pendingAttachment != null && attachment == pendingAttachment.attachment()) {
      pendingAttachment = null;
    }
    if (attachment != current || state().isTerminal()) {
      return;
    }
    if (end == null && isStuck(attachment, how)) {
      conclude(endOf(SessionEndKind.LOST_STUCK));
    }
    detach(nowNanos);
  }

  /** A peer that is unproved to itself can't put its half-close into a frame. */
  @Override
  public void onHalfClosed(long nowNanos, StreamAttachment attachment) {
    if (attachment == current
        && attachment.inbound.firstHeaderSeen
        && !attachment.inbound.welcomeSeen) {
      attachment.inbound.lastSeq++;
      receive(nowNanos, attachment, attachment.inbound.lastSeq, Flag.HALF_CLOSE, 0, Payload.EMPTY);
    }
  }

  /**
   * The instance, or the connection, will end.
   *
   * @param leaving whether the instance goes: with level resume the session then ends with MOVED,
   *     when all that came was processed, after {@code grace} at the latest
   */
  public void drain(long nowNanos, boolean leaving, Duration grace) {
    drainingAttachment = current;
    leavingForGood |= leaving;
    if (leaving && sessionPersistence == null) {
      sessionDrain.begin(nowNanos + grace.toNanos());
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
    if (pendingEnd == null && end == null && EarliestDeadline.isOver(nowNanos, deadlineNanos)) {
      conclude(endOf(SessionEndKind.DEADLINE));
    } else if (pendingEnd == null && EarliestDeadline.isOver(nowNanos, expiresNanos)) {
      conclude(endOf(SessionEndKind.LOST_EXPIRED));
    } else {
      leave(nowNanos);
    }
    drainingAttachment =
        inboundFlowControl.isHeldUp(nowNanos, current) ? current : drainingAttachment;
    if (current != null && current.isSilent(nowNanos, options.timing().silent())) {
      close(current, AttachmentCloseReason.SILENT);
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
    if (!positionsMatch(hello.watermark(), hello.low())) {
      refuse(attachment, HandshakeRefusal.over(HandshakeRefusal.RefusalCode.GAP, processed()));
      conclude(endOf(SessionEndKind.LOST_GAP));
      return;
    }
    fence.admitted(hello.attach(), hello.untouched());
    if (sendBuffer.isSettled()) {
      refuse(attachment, HandshakeRefusal.over(HandshakeRefusal.RefusalCode.EXPIRED, processed()));
      settle();
      return;
    }
    if (current != null && fence.endsOlder()) {
      close(current, AttachmentCloseReason.REPLACED);
    }
    if (hello.remainingMillis() > 0 && deadlineNanos == null) {
      deadlineNanos = nowNanos + Duration.ofMillis(hello.remainingMillis()).toNanos();
    }
    expiresNanos = null;
    if (state() == SessionState.NEW) {
      transitionTo(SessionState.OPENING);
    } else if (state() == SessionState.DETACHED) {
      transitionTo(SessionState.RESUMING);
    }
    Welcome welcome =
        new Welcome(
            token,
            receiveBuffer.watermark(),
            sendBuffer.low(),
            receiveBuffer.credit(),
            options.timing().ttl().toMillis(),
            acks.policy().every(),
            acks.policy().delayMillis(),
            spreadMillis);
    outputs.add(new SessionOutput.Accept(attachment, welcome));
    attachment.outbound.sentAck = welcome.watermark();
    attachment.outbound.sentCredit = welcome.credit();
    adoptAttachment(nowNanos, attachment, hello.low(), hello.credit(), hello.watermark() + 1);
    if (!started) {
      started = true;
      boolean halfClosed = receiveBuffer.isFinished() && !sendBuffer.isFinished();
      outputs.add(
          new SessionOutput.StartHandler(receiveBuffer.processed(), halfClosed, sendBuffer.end()));
    }
  }

  private void onClaimed(long nowNanos, long attach, SessionRecord record) {
    boolean ours = record.caller().equals(caller);
    if (!ours || record.over()) {
      HandshakeRefusal.RefusalCode refusalCode =
          ours ? HandshakeRefusal.RefusalCode.EXPIRED : HandshakeRefusal.RefusalCode.DENIED;
      turnAway(attach, HandshakeRefusal.over(refusalCode, ours ? record.processed() : 0));
      return;
    }
    if (!restored) {
      restored = true;
      sendBuffer.restore(record);
      receiveBuffer.restore(record);
    }
    Offer offer = pendingAttachment;
    if (offer != null && offer.hello().attach() == attach) {
      pendingAttachment = null;
      admit(nowNanos, offer.attachment(), offer.hello());
    } else if (state() == SessionState.OPENING) {
      // The call ended before the store answered; the session waits for the next one.
      transitionTo(SessionState.DETACHED);
      expiresNanos = nowNanos + options.timing().ttl().toNanos();
    }
  }

  private void onSaved(long nowNanos, StoreRequest.Save saved) {
    receiveBuffer.commit(saved.processed());
    scheduleAck(nowNanos);
    if (saved.over() && pendingEnd != null) {
      over(pendingEnd);
    }
  }

  @Override
  void onProcessed(long nowNanos) {
    if (sessionPersistence == null) {
      super.onProcessed(nowNanos);
    }
    leave(nowNanos);
  }

  @Override
  boolean mayDeliver() {
    return !sessionDrain.isFrozen() && pendingEnd == null && started;
  }

  @Override
  boolean maySend(StreamAttachment attachment, SequencedMessage sequencedMessage) {
    boolean kept =
        sessionPersistence == null || sequencedMessage.seq() <= sessionPersistence.savedEnd();
    return kept && super.maySend(attachment, sequencedMessage);
  }

  @Override
  void beforeFrames(long nowNanos) {
    boolean over = pendingEnd != null;
    StoreRequest request =
        sessionPersistence == null
            ? null
            : sessionPersistence.next(nowNanos, sendBuffer, receiveBuffer, over);
    if (request != null) {
      outputs.add(new SessionOutput.Store(request));
    }
  }

  @Override
  void afterInput(long nowNanos) {
    if (sendBuffer.isSettled()) {
      settle();
    }
  }

  @Override
  void onFlags(long nowNanos, StreamAttachment from, FrameHeader header) {
    if (header.has(Flag.CANCEL)) {
      conclude(endOf(SessionEndKind.CANCELLED));
    } else if (header.has(Flag.SETTLED) && header.low() <= receiveBuffer.received()) {
      sessionDrain.onSettled();
      leave(nowNanos);
    }
  }

  @Override
  void onMessageWithoutHeader(long nowNanos, StreamAttachment from, Payload body) {
    if (from.inbound.lastSeq == 0 || from.inbound.welcomeSeen) {
      onProtocolViolation(nowNanos, from);
      return;
    }
    from.inbound.lastSeq++;
    receive(nowNanos, from, from.inbound.lastSeq, 0, 0, body);
  }

  @Override
  void addDeadlines(EarliestDeadline earliestDeadline) {
    if (pendingEnd == null) {
      earliestDeadline.at(deadlineNanos);
      earliestDeadline.at(expiresNanos);
      earliestDeadline.at(sessionDrain.graceEndsNanos());
    }
    if (sessionPersistence != null) {
      sessionPersistence.addDeadlines(earliestDeadline);
    }
    if (current != null) {
      current.addSilence(earliestDeadline, options.timing().silent());
    }
  }

  @Override
  int wantedFlags() {
    boolean drain = leavingForGood || (drainingAttachment != null && drainingAttachment == current);
    return (drain ? Flag.DRAIN : 0) | (sessionDrain.hasBegun() ? Flag.LEAVING : 0);
  }

  @Override
  void onProtocolViolation(long nowNanos, StreamAttachment attachment) {
    close(attachment, AttachmentCloseReason.PROTOCOL_ERROR);
    if (isStuck(attachment, CallClosure.stream(CallClosure.UNAVAILABLE))) {
      conclude(endOf(SessionEndKind.LOST_STUCK));
    }
    detach(nowNanos);
  }

  /** The last message, with which both sides know the same numbers. */
  private void leave(long nowNanos) {
    if (sessionDrain.isFinalFrameDue(nowNanos, receiveBuffer) && !sendBuffer.isFinished()) {
      moved = true;
      sendBuffer.finish(Flag.FINAL | Flag.MOVED, CallClosure.UNAVAILABLE, Payload.EMPTY);
    }
  }

  private void settle() {
    conclude(endOf(moved ? SessionEndKind.MOVED : SessionEndKind.FINISHED));
  }

  private void conclude(SessionEnd how) {
    if (pendingEnd != null || end != null) {
      return;
    }
    pendingEnd = how;
    if (sessionPersistence == null) {
      over(how);
    }
  }

  private void over(SessionEnd how) {
    end(
        how,
        AttachmentCloseReason.DONE,
        HandshakeRefusal.over(HandshakeRefusal.RefusalCode.EXPIRED, processed()));
  }

  private void turnAway(long attach, HandshakeRefusal handshakeRefusal) {
    refuseOffered(attach, handshakeRefusal);
    release();
  }

  private void release() {
    end(endOf(SessionEndKind.RELEASED), AttachmentCloseReason.REPLACED, HandshakeRefusal.busy(1));
  }

  private void end(SessionEnd how, AttachmentCloseReason why, HandshakeRefusal handshakeRefusal) {
    if (started) {
      reportEnd(how);
    }
    if (current != null) {
      close(current, why);
      current = null;
    }
    refuseOffered(Long.MAX_VALUE, handshakeRefusal);
    transitionTo(how.kind().isLost() ? SessionState.LOST : SessionState.CLOSED);
  }

  private void detach(long nowNanos) {
    current = null;
    if (!state().isTerminal()) {
      transitionTo(SessionState.DETACHED);
      expiresNanos = nowNanos + options.timing().ttl().toNanos();
    }
  }

  private void refuseOffered(long upTo, HandshakeRefusal handshakeRefusal) {
    if (pendingAttachment != null && pendingAttachment.hello().attach() <= upTo) {
      refuse(pendingAttachment.attachment(), handshakeRefusal);
      pendingAttachment = null;
    }
  }

  private void refuse(StreamAttachment attachment, HandshakeRefusal handshakeRefusal) {
    outputs.add(new SessionOutput.Refuse(attachment, handshakeRefusal));
  }
}
