package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.FirstMessage;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.internal.Handshake;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.SessionHandover;
import dev.holdfast.streams.wire.SessionToken;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The attachments of a client session: opened, suspected, raced, replaced and abandoned. The
 * message exchange on an attachment is in {@link ClientSession}, whose state this class shares.
 */
@PureCore
final class ClientAttachments {
  /** The decisions of a session about attachments that end, or that nobody answers. */
  interface Listener {
    void pendingClosed(long nowNanos, StreamAttachment attachment, CallClosure how);

    void currentClosed(long nowNanos, StreamAttachment attachment, CallClosure how);

    void onSilence(StreamAttachment opening, PlainPeerDetector.FallbackStep fallbackStep);
  }

  private final StreamSession session;
  private final Listener listener;
  private final ReopenState reopenState;
  final AttachmentSchedule schedule;

  /** Being opened; it may write before the answer only when it is the first. */
  @Nullable StreamAttachment pending;

  /** Whether an attachment that nobody answered may have brought messages to a peer. */
  boolean touched;

  private long touchedBy;

  /** The token of the last welcome; {@link SessionToken#NONE} before the first one. */
  SessionToken token = SessionToken.NONE;

  final PlainPeerDetector plainPeer;

  private final HalfDuplexPath halfDuplex = new HalfDuplexPath();

  private long startNanos;

  /** The server's instance ends, and with it the session. */
  boolean serverLeaving;

  /** The last attempt to replace a working attachment came to nothing. */
  private boolean handoverFailed;

  /** The application knows that there is no attachment. */
  private boolean waitReported;

  final ClientHandover handover;

  private long attachedNanos;
  private long suspectNanos;

  ClientAttachments(
      StreamSession session, Listener listener, ReopenState reopenState, RandomGenerator random) {
    this.session = session;
    this.listener = listener;
    this.reopenState = reopenState;
    SessionOptions.Timing timing = session.options.timing();
    this.schedule = new AttachmentSchedule(timing, random);
    this.handover = new ClientHandover(session.sendBuffer, session.receiveBuffer);
    this.plainPeer = new PlainPeerDetector(session.options);
  }

  void onSuspect(long nowNanos, StreamAttachment attachment) {
    if (attachment == session.current
        && session.state() == SessionState.ATTACHED
        && attachment.handshakeComplete) {
      session.transitionTo(SessionState.SUSPECT);
      suspectNanos = nowNanos;
      attachment.probes.probeDue = true;
    }
  }

  /** Goes to another owner: make-before-break, as far as the one before can still be reached. */
  void handOver(long nowNanos) {
    if (session.current != null) {
      session.current.outbound.ackRepeatDue = true;
      session.current.outbound.sparing = false;
    }
    handover.begin();
    token = SessionToken.NONE;
    serverLeaving = false;
    schedule.beginElsewhere();
    if (pending != null) {
      session.close(pending, AttachmentCloseReason.UNNEEDED);
      attemptFailed(nowNanos, 0);
      schedule.beginElsewhere();
    }
    if (session.state() == SessionState.ATTACHED || session.state() == SessionState.SUSPECT) {
      session.transitionTo(SessionState.DRAIN);
    }
    schedule.now(nowNanos);
    keepAttached(nowNanos);
  }

  /**
   * A server has welcomed the session, which takes over what was handed over.
   *
   * @return how the attachment before ends. A reset may overtake the ack for which the owner before
   *     waits.
   */
  AttachmentCloseReason onTaken(StreamAttachment by) {
    SessionHandover taken = handover.finish();
    if (taken != null) {
      if (taken.restarts() && taken.messages() > 0 && session.end == null) {
        session.outputs.add(new SessionOutput.Restarted(taken.messages()));
      }
      serverLeaving = false;
      // Its handler starts with the first frame.
      by.probes.probeDue = true;
    }
    return taken == null ? AttachmentCloseReason.REPLACED : AttachmentCloseReason.DONE;
  }

  void onResumeQueued(StreamAttachment attachment) {
    attachment.opening().resumeQueued = comesBack();
  }

  void onHelloUnsent(StreamAttachment attachment) {
    attachment.opening().helloUnsent = true;
  }

  void onHelloSent(long nowNanos, StreamAttachment attachment) {
    attachment.opening().helloUnsent = false;
    attachment.opening().silentSinceNanos = nowNanos;
    attachment.opening().resumeQueued = false;
    if (comesBack()) {
      attachment.opening().helloSentNanos = nowNanos;
    }
  }

  void onDrain(long nowNanos, StreamAttachment attachment) {
    if (attachment == session.current && attachment.handshakeComplete && !serverLeaving) {
      drain(nowNanos, attachment);
    }
  }

  /** The pending attachment was answered and carries the session from now on. */
  void attached(long nowNanos) {
    if (pending != null) {
      halfDuplex.onAnswered(nowNanos, pending, session.end != null);
      pending.opening().replaced = null;
    }
    pending = null;
    handoverFailed = false;
    attachedNanos = nowNanos;
    if (waitReported) {
      waitReported = false;
      session.outputs.add(new SessionOutput.Resumed());
    }
  }

  /** Does what is due of opening, replacing and giving up. */
  void keepAttached(long nowNanos) {
    if (!waitReported && session.end == null && schedule.isWaiting(nowNanos)) {
      waitReported = true;
      session.outputs.add(new SessionOutput.Waiting(schedule.left(nowNanos)));
    }
    StreamAttachment opening = pending;
    if (opening != null
        && mustBeAnswered(opening)
        && EarliestDeadline.isOver(
            nowNanos, opening.opening().helloSentNanos + schedule.handshake().toNanos())) {
      session.close(opening, AttachmentCloseReason.SILENT);
      if (comesBack()) {
        schedule.onSilence();
      }
      listener.pendingClosed(nowNanos, opening, CallClosure.connection());
    } else {
      fallBack(nowNanos);
    }
    StreamAttachment carrying = session.current;
    if (carrying != null && carrying.handshakeComplete) {
      silence(nowNanos, carrying);
      if (session.inboundFlowControl.isHeldUp(nowNanos, session.current)) {
        drain(nowNanos, carrying);
      }
    }
    if (pending == null && schedule.isDue(nowNanos)) {
      session.transitionTo(
          session.state() == SessionState.DRAIN ? SessionState.HANDOVER : SessionState.RESUMING);
      open(nowNanos);
    }
  }

  /** Takes the step that is due while a first attachment is not answered; there may be none. */
  void fallBack(long nowNanos) {
    StreamAttachment opening = pending;
    PlainPeerDetector.FallbackStep fallbackStep =
        opening == null ? null : plainPeer.next(opening, session.sendBuffer, session.end != null);
    if (opening != null
        && fallbackStep != null
        && plainPeer.isDue(nowNanos, opening, fallbackStep)) {
      listener.onSilence(opening, fallbackStep);
    }
    // The next owner of a session gets the request again, for which the request side stays open.
    if (opening != null
        && !handover.hasBegun()
        && halfDuplex.isHalfCloseDue(nowNanos, session, opening)) {
      endRequests(opening);
    }
  }

  /** Ends the request side of an attachment. */
  void endRequests(StreamAttachment attachment) {
    attachment.outbound.halfClosed = true;
    session.outputs.add(new SessionOutput.HalfClose(attachment));
  }

  /** A server has welcomed another session that went the same way. */
  void onReachable(long nowNanos) {
    if (session.state() == SessionState.DETACHED) {
      schedule.bringForward(nowNanos);
      keepAttached(nowNanos);
    }
  }

  /** Whether a server has welcomed this session, and maybe handed it over since. */
  private boolean comesBack() {
    return !token.isNone() || handover.hasBegun();
  }

  private boolean mustBeAnswered(StreamAttachment opening) {
    return !opening.opening().resumeQueued && !plainPeer.mayStaySilent(opening);
  }

  private void silence(long nowNanos, StreamAttachment carrying) {
    SessionOptions.Timing timing = session.options.timing();
    switch (session.state()) {
      case ATTACHED -> {
        if (carrying.isSilent(nowNanos, timing.suspect())) {
          onSuspect(nowNanos, carrying);
        } else if (!timing.rotate().isZero()
            && EarliestDeadline.isOver(nowNanos, attachedNanos + timing.rotate().toNanos())) {
          drain(nowNanos, carrying);
        }
      }
      case SUSPECT -> {
        if (EarliestDeadline.isOver(nowNanos, suspectNanos + timing.race().toNanos())) {
          session.transitionTo(SessionState.RACING);
          open(nowNanos);
        }
      }
      default -> {}
    }
    if (mayBeDead() && carrying.isSilent(nowNanos, timing.dead())) {
      session.close(carrying, AttachmentCloseReason.SILENT);
      listener.currentClosed(nowNanos, carrying, CallClosure.connection());
    }
  }

  /** A healthy attachment is suspected first, and one without heartbeats may be silent for ever. */
  private boolean mayBeDead() {
    return switch (session.state()) {
      case SUSPECT, RACING -> true;
      case DRAIN, HANDOVER -> !session.options.timing().suspect().isZero();
      default -> false;
    };
  }

  void addDeadlines(EarliestDeadline earliestDeadline) {
    schedule.addDeadlines(earliestDeadline, pending != null, waitReported || session.end != null);
    SessionOptions.Timing timing = session.options.timing();
    if (pending != null) {
      if (mustBeAnswered(pending)) {
        earliestDeadline.after(pending.opening().helloSentNanos, schedule.handshake());
      }
      PlainPeerDetector.FallbackStep fallbackStep =
          plainPeer.next(pending, session.sendBuffer, session.end != null);
      if (fallbackStep != null) {
        plainPeer.addDeadlines(earliestDeadline, pending, fallbackStep);
      }
      if (!handover.hasBegun()) {
        halfDuplex.addDeadlines(earliestDeadline, session, pending);
      }
    }
    if (session.current == null || !session.current.handshakeComplete) {
      return;
    }
    switch (session.state()) {
      case ATTACHED -> {
        session.current.addSilence(earliestDeadline, timing.suspect());
        earliestDeadline.after(attachedNanos, timing.rotate());
      }
      case SUSPECT -> earliestDeadline.after(suspectNanos, timing.race());
      default -> {}
    }
    if (mayBeDead()) {
      session.current.addSilence(earliestDeadline, timing.dead());
    }
  }

  void onPeerActivity(long nowNanos) {
    if (session.state() == SessionState.SUSPECT || session.state() == SessionState.RACING) {
      if (pending != null) {
        session.close(pending, AttachmentCloseReason.UNNEEDED);
        pending = null;
      }
      session.transitionTo(SessionState.ATTACHED);
    }
  }

  /** Starts the first attachment of the session. */
  void openFirst(long nowNanos, ClientSession.Peer peer, MethodKind kind) {
    startNanos = nowNanos;
    plainPeer.begin(peer, kind);
    halfDuplex.begin(kind);
    session.transitionTo(SessionState.OPENING);
    open(nowNanos);
  }

  /** Begins an attachment, which is pending until it is answered. */
  StreamAttachment open(long nowNanos) {
    StreamAttachment next = schedule.next(nowNanos);
    pending = next;
    if (session.state() == SessionState.HANDOVER) {
      next.opening().replaced = session.current;
      // An owner that has handed the session over is no choice.
      next.opening().again = handoverFailed || handover.hasBegun();
    }
    // One before that came to no server was none.
    next.opening().first = mayBegin() && (next.number() == 1 || plainPeer.mayBePlain());
    if (next.opening().first) {
      next.opening().mayWriteBeforeWelcome = session.options.firstMessage() == FirstMessage.AT_ONCE;
      next.outbound.cursor = session.sendBuffer.low();
    }
    Hello hello =
        new Hello(
            session.id(),
            next.number(),
            next.tag(),
            session.receiveBuffer.watermark(),
            handover.low(),
            session.receiveBuffer.credit(),
            remainingMillis(nowNanos),
            !touched,
            token,
            isUnanswered() ? ageMillis(nowNanos) : 0,
            isUnanswered() ? touchedBy : 0);
    next.outbound.sentCredit = hello.credit();
    next.outbound.sentAck = hello.watermark();
    session.outputs.add(
        new SessionOutput.StartCall(
            next, hello, schedule.address(), reopenState.isPlain(), handover.shown()));
    return next;
  }

  /** Whether no server can have got a message, and none has welcomed the session. */
  private boolean mayBegin() {
    return !touched && token.isNone() && session.end == null && !reopenState.isPlain();
  }

  /** Whether some server may have got a message, and none has welcomed the session. */
  private boolean isUnanswered() {
    return touched && token.isNone() && !handover.hasBegun();
  }

  /**
   * The age of the session in milliseconds, for a server that must know whether it was up all the
   * time.
   */
  private long ageMillis(long nowNanos) {
    Duration sinceStart = Duration.ofNanos(nowNanos - startNanos);
    long millis = sinceStart.plus(session.options.timing().handshake()).toMillis();
    return Math.min(millis, Handshake.MAX_MILLIS);
  }

  /** A deadline that is too far away for a hello is said by a later one. */
  private long remainingMillis(long nowNanos) {
    if (session.deadlineNanos == null) {
      return 0;
    }
    long millis = Math.max(1, Duration.ofNanos(session.deadlineNanos - nowNanos).toMillis());
    return millis > Handshake.MAX_MILLIS ? 0 : millis;
  }

  /** An attachment that works is to be replaced before it ends. */
  void drain(long nowNanos, StreamAttachment attachment) {
    if (attachment == session.current
        && (session.state() == SessionState.ATTACHED || session.state() == SessionState.SUSPECT)) {
      session.transitionTo(SessionState.DRAIN);
      schedule.soon(nowNanos);
      keepAttached(nowNanos);
    }
  }

  /** The pending attachment came to nothing. */
  void attemptFailed(long nowNanos, long atLeastMillis) {
    if (pending != null && pending.outbound.touched) {
      touched = true;
      touchedBy = pending.number();
    }
    pending = null;
    halfDuplex.onFailed();
    schedule.onFailed();
    switch (session.state()) {
      case RACING -> {
        session.transitionTo(SessionState.SUSPECT);
        suspectNanos = nowNanos + schedule.delayNanos();
      }
      case HANDOVER -> {
        handoverFailed = true;
        session.transitionTo(SessionState.DRAIN);
        schedule.later(nowNanos, Duration.ofMillis(atLeastMillis));
      }
      default -> detach(nowNanos, atLeastMillis);
    }
  }

  /** No attachment is left; the next one is tried after a delay. */
  void detach(long nowNanos, long atLeastMillis) {
    schedule.alone(nowNanos);
    session.transitionTo(SessionState.DETACHED);
    schedule.later(nowNanos, Duration.ofMillis(atLeastMillis));
  }

  void becomePlain(StreamAttachment attachment) {
    attachment.plain = true;
    attachment.outbound.cursor = Math.max(attachment.outbound.cursor, session.sendBuffer.low());
    session.sendBuffer.release(attachment.outbound.cursor - 1);
  }

  void closeAll(AttachmentCloseReason why) {
    if (session.current != null) {
      session.close(session.current, why);
    }
    if (pending != null) {
      session.close(pending, AttachmentCloseReason.UNNEEDED);
    }
    session.current = null;
    pending = null;
  }
}
