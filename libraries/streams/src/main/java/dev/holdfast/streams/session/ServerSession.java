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
import dev.holdfast.streams.wire.SessionHandover;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.SessionTokenIssuer;
import dev.holdfast.streams.wire.Welcome;
import java.time.Duration;
import java.util.Optional;
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
  private final SessionTokenIssuer mint;

  /** The address in the session's token; "" for none. */
  private final String owner;

  final Fence fence;
  private final @Nullable SessionPersistence sessionPersistence;

  /** The wish to move the session; null, as the drain below, in an idle one. */
  private @Nullable SessionMove sessionMove;

  private @Nullable SessionDrain sessionDrain;
  private @Nullable Offer pendingAttachment;
  private @Nullable Long expiresNanos;
  private @Nullable SessionEnd pendingEnd;
  final SessionCursor cursor;
  private boolean restored;
  private boolean started;
  private boolean leavingForGood;
  private @Nullable StreamAttachment drainingAttachment;
  private boolean moved;
  private boolean oneRequest;
  private long spreadMillis;

  ServerSession(
      SessionId id,
      SessionOptions options,
      SessionRules rules,
      Caller caller,
      SessionTokenIssuer mint,
      String owner,
      @Nullable SessionPersistence sessionPersistence) {
    super(id, options, rules);
    this.caller = caller;
    this.mint = mint;
    this.owner = owner;
    this.fence = rules.fence();
    this.cursor = rules.cursor();
    this.sessionPersistence = sessionPersistence;
  }

  /** The final status; messages are refused afterwards. */
  public void finish(long nowNanos, int status, Payload trailers) {
    sendBuffer.finish(Flag.FINAL, status, trailers);
  }

  /**
   * The handler says where a handler of another instance can go on: behind all that was sent.
   *
   * @param bytes the application's own
   * @param processedUpTo the last position of the client that the cursor covers
   * @param replaysMessages whether the other handler gets the client's messages from the first on
   * @return whether that handed the session over, so that there are outputs
   */
  public boolean mark(long nowNanos, byte[] bytes, long processedUpTo, boolean replaysMessages) {
    if (end == null && !sendBuffer.isFinished()) {
      cursor.mark(bytes, sendBuffer.end(), processedUpTo, replaysMessages);
      leave(nowNanos);
    }
    return cursor.isHandedOver();
  }

  /**
   * The method has no side effects and one request: when this instance leaves and the handler has
   * marked no cursor, another instance calls its handler anew. Said before the session begins.
   */
  public void allowRestart() {
    cursor.allowRestart();
  }

  /**
   * The method has one request and many responses: a client has nothing to send behind the request,
   * and need not confirm that when this instance leaves. The attachment may be half-closed, and the
   * next one refused. Said before the session begins.
   */
  public void expectOneRequest() {
    oneRequest = true;
  }

  /** The cursor that was marked last; before the handler starts, that of the earlier owner. */
  public Optional<byte[]> cursor() {
    return cursor.cursor();
  }

  /** Whether the session left this instance for another one, by its client. */
  public boolean isHandedOver() {
    return cursor.isHandedOver();
  }

  /** Begins where the owner before stopped. */
  void takeOver(SessionHandover handover) {
    SessionRecord before =
        SessionRecord.settled(
            caller, handover.processed(), handover.position(), handover.isHalfClosed());
    sendBuffer.restore(before);
    receiveBuffer.restore(before);
    cursor.restore(handover);
  }

  /** The client shows the hand-over of this session, so it has the final frame. */
  void onHandoverShown(SessionHandover handover) {
    if (onAck(handover.position()) && sendBuffer.isSettled()) {
      settle();
    }
  }

  /** A call came whose hello names this session and whose token was checked. */
  void onHello(long nowNanos, StreamAttachment attachment, Hello hello) {
    if (state().isTerminal() || (end != null && !cursor.isHandedOver())) {
      refuse(attachment, HandshakeRefusal.over(HandshakeRefusal.RefusalCode.EXPIRED, processed()));
    } else if (!fence.admits(hello.attach())) {
      refuse(attachment, HandshakeRefusal.of(HandshakeRefusal.RefusalCode.FENCED));
    } else if (sessionPersistence == null) {
      admit(nowNanos, attachment, hello);
    } else if (sessionMove != null && sessionMove.refuses(nowNanos, current)) {
      refuse(attachment, HandshakeRefusal.busy(1));
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
    boolean mayHaveLeft = sessionMove != null && sessionMove.mayHaveLeft(attachment);
    sessionMove = null;
    if (mayHaveLeft && sessionPersistence != null) {
      sessionPersistence.checkOwner(nowNanos);
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
    UnheardAttachment.onHalfClosed(
        nowNanos, attachment, receiveBuffer.received(), options.timing());
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
      if (sessionDrain == null) {
        sessionDrain = new SessionDrain(nowNanos + grace.toNanos());
      }
      leave(nowNanos);
    }
  }

  /** Whether the session went to another instance while this one stays. */
  public boolean isMovedAway() {
    return cursor.isHandedOver() && !leavingForGood;
  }

  /**
   * Whether the session can go on at another instance: durable, or with a handler that marks
   * cursors, with an attachment that works, and not about to end.
   */
  public boolean isMovable() {
    return (sessionPersistence != null || cursor.isUsed())
        && started
        && current != null
        && state() == SessionState.ATTACHED
        && pendingAttachment == null
        && pendingEnd == null
        && !leavingForGood
        && !sendBuffer.isFinished();
  }

  /**
   * Lets the session go on at another instance, if it {@link #isMovable}. The client of a durable
   * one is asked to go there. Any other is handed over as soon as its handler has done nothing
   * behind its cursor, and stays where that takes too long.
   */
  public void move(long nowNanos) {
    StreamAttachment attachment = current;
    if (attachment != null && isMovable()) {
      sessionMove = new SessionMove(nowNanos, attachment);
      if (sessionPersistence == null) {
        leave(nowNanos);
      } else {
        drainingAttachment = attachment;
      }
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
    AttachmentCloseReason why = UnheardAttachment.closeDue(nowNanos, current, options.timing());
    if (current != null && why != null) {
      close(current, why);
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
    sessionMove = null;
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
            // The same one each time: an idle session need not hold it.
            mint.issue(id(), caller.principal(), caller.method(), owner),
            receiveBuffer.watermark(),
            sendBuffer.low(),
            receiveBuffer.credit(),
            options.timing().ttl().toMillis(),
            acks.policy().every(),
            acks.policy().delayMillis(),
            spreadMillis);
    outputs.add(new SessionOutput.Accept(attachment, welcome));
    UnheardAttachment.onAdmitted(attachment, !hello.token().isNone(), responseHeld);
    attachment.outbound.sentAck = welcome.watermark();
    attachment.outbound.sentCredit = welcome.credit();
    adoptAttachment(nowNanos, attachment, hello.low(), hello.credit(), hello.watermark() + 1);
    // A session that was handed over may come to another instance as well, until its client has a
    // welcome. Its handler starts once.
    if (!cursor.isTakenOver() || peerWelcomed || !cursor.awaitsClient()) {
      startHandler();
    }
  }

  private void startHandler() {
    if (!started && !cursor.isHandedOver()) {
      started = true;
      boolean halfClosed = receiveBuffer.isFinished() && !sendBuffer.isFinished();
      long messages = cursor.isRestarted() ? 0 : sendBuffer.end() - cursor.moves();
      outputs.add(new SessionOutput.StartHandler(receiveBuffer.processed(), halfClosed, messages));
    }
  }

  /** A client that takes a hand-over sends nothing before its welcome. */
  @Override
  void onPeerActivity(long nowNanos) {
    if (cursor.isTakenOver()) {
      startHandler();
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
    boolean frozen = sessionDrain != null && sessionDrain.isFrozen();
    return !frozen && pendingEnd == null && started;
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
    } else if (header.has(Flag.SETTLED)
        && header.low() <= receiveBuffer.received()
        && sessionDrain != null) {
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
    // Its client has not read a welcome and knows no credit; the transport's window bounds it.
    receiveBuffer.admit(from.inbound.lastSeq);
    receive(nowNanos, from, from.inbound.lastSeq, 0, 0, body);
  }

  @Override
  void addDeadlines(EarliestDeadline earliestDeadline) {
    if (pendingEnd == null) {
      earliestDeadline.at(end == null ? deadlineNanos : null);
      earliestDeadline.at(expiresNanos);
      earliestDeadline.at(sessionDrain == null ? null : sessionDrain.graceEndsNanos());
    }
    if (sessionPersistence != null) {
      sessionPersistence.addDeadlines(earliestDeadline);
    }
    UnheardAttachment.addDeadlines(earliestDeadline, current, options.timing());
  }

  @Override
  int wantedFlags() {
    boolean drain = leavingForGood || (drainingAttachment != null && drainingAttachment == current);
    return (drain ? Flag.DRAIN : 0) | (sessionDrain != null ? Flag.LEAVING : 0);
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
    SessionDrain drain = sessionDrain;
    if (drain != null && oneRequest && receiveBuffer.isFinished()) {
      drain.onSettled();
    }
    long processed = receiveBuffer.processed();
    boolean cursorDue = cursor.isUsed() && !cursor.isCurrent(sendBuffer.end(), processed);
    boolean moves = !cursorDue && isHandOverDue(nowNanos);
    boolean leaves = drain != null && drain.isFinalFrameDue(nowNanos, receiveBuffer, cursorDue);
    if ((moves || leaves) && !sendBuffer.isFinished()) {
      moved = true;
      SessionHandover next =
          cursor.handOver(sendBuffer.end(), processed, receiveBuffer.isFinished());
      Payload body =
          next == null
              ? Payload.EMPTY
              : Payload.of(
                  mint.seal(next, id(), caller.principal(), caller.method()).toByteArray());
      sendBuffer.finish(Flag.FINAL | Flag.MOVED, CallClosure.UNAVAILABLE, body);
      if (cursor.isHandedOver() && started && cursor.endsHandler()) {
        // Before the client can know of it: two handlers must not go on.
        reportEnd(endOf(SessionEndKind.MOVED));
      }
    }
  }

  /**
   * Whether a session that is to move, and whose cursor is current, is handed over now. The client
   * need not stop: its messages that no handler was given are its own until the next owner has
   * them.
   */
  private boolean isHandOverDue(long nowNanos) {
    return sessionPersistence == null
        && sessionMove != null
        && sessionMove.isWanted(nowNanos, current)
        && isMovable()
        // A client that does not read would stay, and have no handler meanwhile.
        && sendBuffer.isReady()
        && receiveBuffer.processed() == receiveBuffer.delivered();
  }

  private void settle() {
    conclude(endOf(moved ? SessionEndKind.MOVED : SessionEndKind.FINISHED));
  }

  private void conclude(SessionEnd how) {
    if (pendingEnd != null || (end != null && !cursor.isHandedOver())) {
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

  void release() {
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
