package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.DurabilityLevel;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SequencedMessage;
import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.SessionEnd.SessionEndKind;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import dev.holdfast.streams.wire.HandshakeRefusal;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.Welcome;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The client side of a session. It opens attachments: at the start, after a cut, in a race against
 * a silent one, and before an old one ends.
 *
 * <p>The first attachment sends at once. Each later one waits for its welcome, so that a peer that
 * does not know the session never gets a message that another one may have processed. Attachment
 * numbers ascend with every attempt. After its end was reported the session may linger, until the
 * server has confirmed the end.
 */
@PureCore
public final class ClientSession extends AttachingSession {

  private final OversizedMessageDetector oversized = new OversizedMessageDetector();
  private boolean welcomed;

  /** The last attempt to come back was answered by a status that may pass. */
  private boolean resumeRefused;

  private final Linger linger = new Linger();

  /**
   * A session that has not begun.
   *
   * @param id 128 bits of a secure random source
   * @param random for delays and tags
   */
  public ClientSession(
      SessionId id, SessionOptions options, SessionRules rules, RandomGenerator random) {
    super(id, options, rules, random);
  }

  /** The client's knowledge of the peer before the first attachment. */
  public enum Peer {
    /** The peer is not known: after a while of silence it is treated as one without sessions. */
    UNKNOWN,
    /** The peer supports sessions: it welcomed one before, or the configuration says so. */
    HOLDFAST,
    /** The peer probably lacks sessions, because earlier peers of the channel lacked them. */
    LIKELY_PLAIN,
    /** The peer lacks sessions: the stream runs as plain gRPC. */
    PLAIN
  }

  /**
   * Starts the session with its first attachment.
   *
   * @param deadline time until the session ends with DEADLINE; zero for none
   * @param peer the knowledge of the peer, from earlier sessions of the channel or from
   *     configuration
   */
  public void start(long nowNanos, Duration deadline, Peer peer) {
    if (!deadline.isZero()) {
      deadlineNanos = nowNanos + deadline.toNanos();
    }
    openFirst(nowNanos, peer);
    if (pending != null) {
      pending.plain = peer == Peer.PLAIN;
    }
  }

  /** The application will send no more. */
  public void halfClose() {
    reopenState.onHalfClose(sendBuffer);
  }

  /** The application wants no more: it is told so at once, and the server as soon as possible. */
  public void cancel(long nowNanos) {
    if (end == null) {
      linger.cancel();
      conclude(nowNanos, endOf(SessionEndKind.CANCELLED));
    }
  }

  /** The server's response headers came with a welcome. */
  public void onWelcome(long nowNanos, StreamAttachment from, Welcome welcome) {
    if (from != pending || state().isTerminal()) {
      return;
    }
    // A server that forgot what it had acknowledged would want what is no longer held. A hello may
    // be older than acks that overtook it; a welcome can't.
    // On the call that was taken for a plain one too early all that was let go is on its way.
    boolean forgot = !from.plain && welcome.watermark() < sendBuffer.low() - 1;
    if (forgot || !positionsMatch(welcome.watermark(), welcome.low())) {
      giveUp(nowNanos, SessionEndKind.LOST_GAP);
    }
    if (current != null && current != from) {
      close(current, AttachmentCloseReason.REPLACED);
    }
    token = welcome.token();
    attachmentSchedule.onWelcome(welcome);
    acks.follow(rules.ackPolicy(options, welcome));
    welcomed = true;
    resumeRefused = false;
    touched = true;
    attached(nowNanos);
    long next = from.mayWriteBeforeWelcome ? from.cursor : welcome.watermark() + 1;
    if (state() == SessionState.DETACHED) {
      transitionTo(SessionState.RESUMING);
    }
    plainPeer.end();
    from.plain = false;
    from.receivedAny = true;
    adoptAttachment(nowNanos, from, welcome.low(), welcome.credit(), next);
    if (from.halfClosed) {
      // The welcome came after we took the peer for a plain one: acks need an open request side.
      drain(nowNanos, from);
    }
  }

  /** The server's response headers came without a welcome: it knows no sessions. */
  public void onPlainHeaders(long nowNanos, StreamAttachment from) {
    if (from != pending || state().isTerminal()) {
      return;
    }
    if (linger.isCancel()) {
      finish();
    } else if (welcomed || (touched && options.level() != DurabilityLevel.REOPEN)) {
      // Somebody else is there now, and the session is not.
      lose(SessionEndKind.LOST_UNKNOWN);
    } else {
      if (touched && !reopenState.isWithheld()) {
        reopenState.onCut(sendBuffer);
      }
      becomePlain(from);
      current = from;
      attached(nowNanos);
      attachmentSchedule.onAnswered();
      transitionTo(SessionState.ATTACHED);
      if (reopenState.isWithheld()) {
        outputs.add(new SessionOutput.Reopened());
      }
    }
  }

  /** The server refused the attachment, or replaced it by another one. */
  public void onRefused(long nowNanos, StreamAttachment from, HandshakeRefusal handshakeRefusal) {
    if (state().isTerminal()) {
      return;
    }
    if (from != pending) {
      onClosed(nowNanos, from, CallClosure.connection());
      return;
    }
    plainPeer.end();
    if (end != null
        && handshakeRefusal.code() != HandshakeRefusal.RefusalCode.BUSY
        && handshakeRefusal.code() != HandshakeRefusal.RefusalCode.MOVED) {
      finish();
      return;
    }
    if (handshakeRefusal.code() == HandshakeRefusal.RefusalCode.BUSY
        || handshakeRefusal.code() == HandshakeRefusal.RefusalCode.MOVED) {
      // What it was sent it has not taken.
      from.touched = false;
    }
    switch (handshakeRefusal.code()) {
      case UNKNOWN -> {
        if (options.level() == DurabilityLevel.REOPEN && !welcomed) {
          pending = null;
          reopen(nowNanos);
        } else {
          lose(SessionEndKind.LOST_UNKNOWN);
        }
      }
      case EXPIRED -> lose(SessionEndKind.LOST_EXPIRED);
      case GAP -> lose(SessionEndKind.LOST_GAP);
      case DENIED -> lose(SessionEndKind.LOST_DENIED);
      case FENCED -> attemptFailed(nowNanos, 0);
      case BUSY -> attemptFailed(nowNanos, handshakeRefusal.retryAfterMillis());
      case MOVED -> {
        if (attachmentSchedule.follow(handshakeRefusal.address())) {
          pending = null;
          open(nowNanos);
        } else {
          attemptFailed(nowNanos, 0);
        }
      }
    }
  }

  @Override
  public void onClosed(long nowNanos, StreamAttachment attachment, CallClosure how) {
    if (state().isTerminal()) {
      return;
    }
    boolean wasCurrent = attachment == current;
    if (attachment == pending) {
      pendingClosed(nowNanos, attachment, how);
    } else if (wasCurrent && attachment.plain) {
      plainClosed(nowNanos, how);
    } else if (wasCurrent) {
      currentClosed(nowNanos, attachment, how);
    }
  }

  /** A server ends its half only together with the call. */
  @Override
  public void onHalfClosed(long nowNanos, StreamAttachment attachment) {}

  @Override
  public void onTimeout(long nowNanos) {
    if (state().isTerminal()) {
      return;
    }
    if (end == null && EarliestDeadline.isOver(nowNanos, deadlineNanos)) {
      reportEnd(endOf(SessionEndKind.DEADLINE));
      finish();
    } else if (linger.isOver(nowNanos)) {
      finish();
    } else if (attachmentSchedule.isHopeless(nowNanos)) {
      lose(resumeRefused ? SessionEndKind.LOST_REFUSED : SessionEndKind.LOST_UNREACHABLE);
    } else {
      keepAttached(nowNanos);
    }
  }

  @Override
  void addDeadlines(EarliestDeadline earliestDeadline) {
    super.addDeadlines(earliestDeadline);
    linger.addDeadlines(earliestDeadline);
    earliestDeadline.at(end == null ? deadlineNanos : null);
  }

  @Override
  void onFlags(long nowNanos, StreamAttachment from, FrameHeader header) {
    serverLeaving |= header.has(Flag.LEAVING);
    if (header.has(Flag.DRAIN) && !header.has(Flag.LEAVING)) {
      drain(nowNanos, from);
    }
  }

  @Override
  void onMessageWithoutHeader(long nowNanos, StreamAttachment from, Payload body) {
    if (from.plain) {
      if (end == null) {
        // It knows no credit: the transport asks it for what the application wants.
        receiveBuffer.accept(receiveBuffer.received() + 1, 0, 0, body);
        onProgress();
      }
    } else {
      onProtocolViolation(nowNanos, from);
    }
  }

  @Override
  void onFinal(long nowNanos, SequencedMessage sequencedMessage) {
    boolean moved = (sequencedMessage.flags() & Flag.MOVED) != 0;
    SessionEndKind sessionEndKind = moved ? SessionEndKind.MOVED : SessionEndKind.FINISHED;
    conclude(nowNanos, endOf(sessionEndKind, sequencedMessage.status(), sequencedMessage.body()));
  }

  @Override
  @Nullable StreamAttachment writing() {
    if (current != null) {
      return current;
    }
    return pending != null && (pending.mayWriteBeforeWelcome || pending.plain) ? pending : null;
  }

  @Override
  boolean maySend(StreamAttachment attachment, SequencedMessage sequencedMessage) {
    if (end != null || serverLeaving || reopenState.isWithheld()) {
      return false;
    }
    boolean halfClose = (sequencedMessage.flags() & Flag.HALF_CLOSE) != 0;
    // A plain peer gives no credit; its transport slows us down.
    return attachment.plain
        || (attachment.mayExceedInitialCredit && !attachment.handshakeComplete && !halfClose)
        || ((attachment.handshakeComplete || !halfClose)
            && super.maySend(attachment, sequencedMessage));
  }

  @Override
  int wantedFlags() {
    return linger.flags() | (serverLeaving && end == null ? Flag.SETTLED : 0);
  }

  @Override
  void onProtocolViolation(long nowNanos, StreamAttachment attachment) {
    close(attachment, AttachmentCloseReason.PROTOCOL_ERROR);
    currentClosed(nowNanos, attachment, CallClosure.stream(CallClosure.UNAVAILABLE));
  }

  @Override
  void pendingClosed(long nowNanos, StreamAttachment attachment, CallClosure how) {
    if (how.kind() == CallClosure.ClosureScope.UNREACHED) {
      attachment.touched = false;
    }
    boolean status =
        how.kind() == CallClosure.ClosureScope.STATUS && how.status() != CallClosure.UNAVAILABLE;
    boolean unsure = plainPeer.mayBePlain() && (touched || attachment.touched);
    resumeRefused = welcomed && how.isTransient();
    if (welcomed && current == null && how.isPermanent() && rules.endsSession(how)) {
      lose(SessionEndKind.LOST_REFUSED);
    } else if (end != null || welcomed || !(status || attachment.plain || unsure)) {
      attemptFailed(nowNanos, 0);
    } else if (options.level() == DurabilityLevel.REOPEN && !status) {
      pending = null;
      reopen(nowNanos);
    } else if (status || attachment.plain) {
      pending = null;
      reportEnd(endOf(SessionEndKind.PLAIN, how.status(), how.trailers()));
      finish();
    } else {
      attemptFailed(nowNanos, 0);
    }
  }

  @Override
  void currentClosed(long nowNanos, StreamAttachment attachment, CallClosure how) {
    if (end != null && how.kind() == CallClosure.ClosureScope.STATUS) {
      finish();
    } else {
      if (isStuck(attachment, how)) {
        giveUp(nowNanos, SessionEndKind.LOST_STUCK);
      } else if (how.isPermanent() || oversized.isLimit(how, receiveBuffer.received())) {
        giveUp(nowNanos, SessionEndKind.LOST_REFUSED);
      }
      current = null;
      if (pending == null) {
        detach(nowNanos, 0);
      } else {
        attachmentSchedule.alone(nowNanos);
        transitionTo(SessionState.RESUMING);
      }
    }
  }

  private void plainClosed(long nowNanos, CallClosure how) {
    boolean again =
        options.level() == DurabilityLevel.REOPEN && how.kind() != CallClosure.ClosureScope.STATUS;
    current = null;
    if (again && end == null) {
      reopen(nowNanos);
    } else {
      reportEnd(endOf(SessionEndKind.PLAIN, how.status(), how.trailers()));
      finish();
    }
  }

  @Override
  void onSilence(StreamAttachment opening, PlainPeerDetector.FallbackStep fallbackStep) {
    switch (fallbackStep) {
      case GIVE_UP -> finish();
      case WRITE -> opening.mayWriteBeforeWelcome = true;
      case HALF_CLOSE -> {
        // All is still held, so that a welcome may come as late as it likes.
        opening.halfClosed = true;
        sendBuffer.onSent(opening.cursor);
        outputs.add(new SessionOutput.HalfClose(opening));
      }
      case WRITE_ON -> opening.mayExceedInitialCredit = true;
      case PLAIN -> becomePlain(opening);
    }
  }

  /** The session can't be kept: told at once, and to the server as a cancel, or it would wait. */
  private void giveUp(long nowNanos, SessionEndKind why) {
    if (end == null) {
      linger.cancel();
      reportEnd(endOf(why));
      linger.begin(nowNanos, attachmentSchedule.ttl());
    }
  }

  /** The application knows the end; the server is still to hear of it. */
  private void conclude(long nowNanos, SessionEnd how) {
    reportEnd(how);
    boolean server = welcomed || pending != null;
    if (!server || (current != null && current.plain)) {
      finish();
    } else {
      linger.begin(nowNanos, attachmentSchedule.ttl());
      if (current != null) {
        current.ackRepeatDue = receiveBuffer.ack() > 0;
      }
    }
  }

  private void lose(SessionEndKind why) {
    reportEnd(endOf(why));
    finish();
  }

  private void finish() {
    closeAll(linger.attachmentCloseReason());
    boolean lost = end != null && end.kind().isLost();
    transitionTo(lost ? SessionState.LOST : SessionState.CLOSED);
  }
}
