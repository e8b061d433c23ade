package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.FirstMessage;
import dev.holdfast.streams.SequencedMessage;
import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.wire.Handshake;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.SessionToken;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The attachment management of a client session: opens, suspects, races, replaces and abandons
 * attachments. The message exchange on an attachment is in {@link ClientSession}.
 */
@PureCore
public abstract sealed class AttachingSession extends StreamSession permits ClientSession {
  final SessionRules rules;
  final AttachmentSchedule attachmentSchedule;

  /** Being opened; it may write before the answer only when it is the first. */
  @Nullable StreamAttachment pending;

  /** Whether an attachment that nobody answered may have brought messages to a peer. */
  boolean touched;

  private long touchedBy;

  /** The token of the last welcome; {@link SessionToken#NONE} before the first one. */
  SessionToken token = SessionToken.NONE;

  final PlainPeerDetector plainPeer;
  final ReopenState reopenState = new ReopenState();

  private long startNanos;

  /** The server's instance ends, and with it the session. */
  boolean serverLeaving;

  /** The application knows that there is no attachment. */
  private boolean waitReported;

  private long attachedNanos;
  private long suspectNanos;

  AttachingSession(
      SessionId id, SessionOptions options, SessionRules rules, RandomGenerator random) {
    super(id, options, rules);
    this.rules = rules;
    this.attachmentSchedule = new AttachmentSchedule(options.timing(), random);
    this.plainPeer = new PlainPeerDetector(options.timing());
  }

  /** The connection below is suspect, by somebody who sees more of it than this stream. */
  public void onSuspect(long nowNanos, StreamAttachment attachment) {
    if (attachment == current && state() == SessionState.ATTACHED && attachment.handshakeComplete) {
      transitionTo(SessionState.SUSPECT);
      suspectNanos = nowNanos;
      attachment.probeDue = true;
    }
  }

  /**
   * Reports that the call of an attachment has not begun, because it waits for its turn among other
   * sessions that resume.
   */
  public void onResumeQueued(StreamAttachment attachment) {
    attachment.resumeQueued = !token.isNone();
  }

  /**
   * The call of a resume begins, or its hello went out: from now on an answer can be awaited. That
   * of a session that nobody welcomed is awaited from the attachment's begin on, as its hello says.
   */
  public void onHelloSent(long nowNanos, StreamAttachment attachment) {
    attachment.resumeQueued = false;
    if (!token.isNone()) {
      attachment.helloSentNanos = nowNanos;
    }
  }

  /** The connection below will end (GOAWAY), or should: the attachment is replaced first. */
  public void onDrain(long nowNanos, StreamAttachment attachment) {
    if (attachment == current && attachment.handshakeComplete && !serverLeaving) {
      drain(nowNanos, attachment);
    }
  }

  /**
   * The application is about to be told that its stream was reopened, and to send its first
   * messages anew; call {@link #finishReopen} when it has.
   *
   * @return messages that were offered and never written, so far; empty when the application need
   *     not be told, because it was told already, or the stream was cut again
   */
  public final OptionalLong beginReopen() {
    StreamAttachment open = current;
    if (open == null || !reopenState.isWithheld()) {
      return OptionalLong.empty();
    }
    reopenState.onBegin(sendBuffer);
    open.cursor = sendBuffer.low();
    return OptionalLong.of(reopenState.dropped());
  }

  /** The application has sent its first messages anew. */
  public final void finishReopen() {
    reopenState.onBegun(sendBuffer);
  }

  /**
   * No attachment can follow: told as cancelled, unless another end was; a server waits its TTL.
   */
  public void abandon() {
    if (!state().isTerminal()) {
      reportEnd(endOf(SessionEnd.SessionEndKind.CANCELLED));
      closeAll(AttachmentCloseReason.UNNEEDED);
      transitionTo(SessionState.CLOSED);
    }
  }

  /** The size of the first message that the peer has not processed; 0 when there is none. */
  public final long nextUnackedBytes() {
    SequencedMessage next = sendBuffer.at(sendBuffer.acked() + 1);
    return next == null ? 0 : next.body().sizeBytes();
  }

  /** The pending attachment was answered and carries the session from now on. */
  final void attached(long nowNanos) {
    pending = null;
    attachedNanos = nowNanos;
    if (waitReported) {
      waitReported = false;
      outputs.add(new SessionOutput.Resumed());
    }
  }

  abstract void pendingClosed(long nowNanos, StreamAttachment attachment, CallClosure how);

  abstract void currentClosed(long nowNanos, StreamAttachment attachment, CallClosure how);

  abstract void onSilence(StreamAttachment opening, PlainPeerDetector.FallbackStep fallbackStep);

  /** Does what is due of opening, replacing and giving up. */
  final void keepAttached(long nowNanos) {
    if (!waitReported && end == null && attachmentSchedule.isWaiting(nowNanos)) {
      waitReported = true;
      outputs.add(new SessionOutput.Waiting(attachmentSchedule.left(nowNanos)));
    }
    StreamAttachment opening = pending;
    if (opening != null
        && mustBeAnswered(opening)
        && EarliestDeadline.isOver(
            nowNanos, opening.helloSentNanos + attachmentSchedule.handshake().toNanos())) {
      close(opening, AttachmentCloseReason.SILENT);
      if (!token.isNone()) {
        attachmentSchedule.onSilence();
      }
      pendingClosed(nowNanos, opening, CallClosure.connection());
    } else if (opening != null) {
      PlainPeerDetector.FallbackStep fallbackStep =
          plainPeer.next(opening, sendBuffer, end != null);
      if (fallbackStep != null
          && EarliestDeadline.isOver(
              nowNanos, opening.openedNanos() + plainPeer.patience(fallbackStep).toNanos())) {
        onSilence(opening, fallbackStep);
      }
    }
    StreamAttachment carrying = current;
    if (carrying != null && carrying.handshakeComplete) {
      silence(nowNanos, carrying);
      if (inboundFlowControl.isHeldUp(nowNanos, current)) {
        drain(nowNanos, carrying);
      }
    }
    if (pending == null && attachmentSchedule.isDue(nowNanos)) {
      transitionTo(state() == SessionState.DRAIN ? SessionState.HANDOVER : SessionState.RESUMING);
      open(nowNanos);
    }
  }

  private boolean mustBeAnswered(StreamAttachment opening) {
    return !opening.resumeQueued && !plainPeer.mayStaySilent(opening);
  }

  private void silence(long nowNanos, StreamAttachment carrying) {
    SessionOptions.Timing timing = options.timing();
    switch (state()) {
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
          transitionTo(SessionState.RACING);
          open(nowNanos);
        }
      }
      default -> {}
    }
    if (mayBeDead() && carrying.isSilent(nowNanos, timing.dead())) {
      close(carrying, AttachmentCloseReason.SILENT);
      currentClosed(nowNanos, carrying, CallClosure.connection());
    }
  }

  /** A healthy attachment is suspected first, and one without heartbeats may be silent for ever. */
  private boolean mayBeDead() {
    return switch (state()) {
      case SUSPECT, RACING -> true;
      case DRAIN, HANDOVER -> !options.timing().suspect().isZero();
      default -> false;
    };
  }

  @Override
  void addDeadlines(EarliestDeadline earliestDeadline) {
    attachmentSchedule.addDeadlines(earliestDeadline, pending != null, waitReported || end != null);
    SessionOptions.Timing timing = options.timing();
    if (pending != null) {
      if (mustBeAnswered(pending)) {
        earliestDeadline.after(pending.helloSentNanos, attachmentSchedule.handshake());
      }
      PlainPeerDetector.FallbackStep fallbackStep =
          plainPeer.next(pending, sendBuffer, end != null);
      if (fallbackStep != null) {
        earliestDeadline.after(pending.openedNanos(), plainPeer.patience(fallbackStep));
      }
    }
    if (current == null || !current.handshakeComplete) {
      return;
    }
    switch (state()) {
      case ATTACHED -> {
        current.addSilence(earliestDeadline, timing.suspect());
        earliestDeadline.after(attachedNanos, timing.rotate());
      }
      case SUSPECT -> earliestDeadline.after(suspectNanos, timing.race());
      default -> {}
    }
    if (mayBeDead()) {
      current.addSilence(earliestDeadline, timing.dead());
    }
  }

  @Override
  boolean mayReportReady() {
    return super.mayReportReady() && !reopenState.isWithheld();
  }

  @Override
  void onPeerActivity(long nowNanos) {
    if (state() == SessionState.SUSPECT || state() == SessionState.RACING) {
      if (pending != null) {
        close(pending, AttachmentCloseReason.UNNEEDED);
        pending = null;
      }
      transitionTo(SessionState.ATTACHED);
    }
  }

  @Override
  void onProgress() {
    attachmentSchedule.onProgress();
  }

  /** Starts the first attachment of the session. */
  final void openFirst(long nowNanos, ClientSession.Peer peer) {
    startNanos = nowNanos;
    plainPeer.begin(peer);
    transitionTo(SessionState.OPENING);
    open(nowNanos);
  }

  /** Begins an attachment, which is pending until it is answered. */
  final StreamAttachment open(long nowNanos) {
    StreamAttachment next = attachmentSchedule.next(nowNanos);
    pending = next;
    // One before that came to no server was none.
    next.first = mayBegin() && (next.number() == 1 || plainPeer.mayBePlain());
    if (next.first) {
      next.mayWriteBeforeWelcome = options.firstMessage() == FirstMessage.AT_ONCE;
      next.cursor = sendBuffer.low();
    }
    Hello hello =
        new Hello(
            id(),
            next.number(),
            next.tag(),
            receiveBuffer.watermark(),
            sendBuffer.low(),
            receiveBuffer.credit(),
            remainingMillis(nowNanos),
            !touched,
            token,
            isUnanswered() ? ageMillis(nowNanos) : 0,
            isUnanswered() ? touchedBy : 0);
    next.sentCredit = hello.credit();
    next.sentAck = hello.watermark();
    outputs.add(
        new SessionOutput.StartCall(
            next, hello, attachmentSchedule.address(), reopenState.isPlain()));
    return next;
  }

  /** Whether no server can have got a message, and none has welcomed the session. */
  private boolean mayBegin() {
    return !touched && token.isNone() && end == null && !reopenState.isPlain();
  }

  /** Whether some server may have got a message, and none has welcomed the session. */
  private boolean isUnanswered() {
    return touched && token.isNone();
  }

  /**
   * The age of the session in milliseconds, for a server that must know whether it was up all the
   * time.
   */
  private long ageMillis(long nowNanos) {
    Duration sinceStart = Duration.ofNanos(nowNanos - startNanos);
    long millis = sinceStart.plus(options.timing().handshake()).toMillis();
    return Math.min(millis, Handshake.MAX_MILLIS);
  }

  /** A deadline that is too far away for a hello is said by a later one. */
  private long remainingMillis(long nowNanos) {
    if (deadlineNanos == null) {
      return 0;
    }
    long millis = Math.max(1, Duration.ofNanos(deadlineNanos - nowNanos).toMillis());
    return millis > Handshake.MAX_MILLIS ? 0 : millis;
  }

  /** An attachment that works is to be replaced before it ends. */
  final void drain(long nowNanos, StreamAttachment attachment) {
    if (attachment == current
        && (state() == SessionState.ATTACHED || state() == SessionState.SUSPECT)) {
      transitionTo(SessionState.DRAIN);
      attachmentSchedule.soon(nowNanos);
      keepAttached(nowNanos);
    }
  }

  /** The pending attachment came to nothing. */
  final void attemptFailed(long nowNanos, long atLeastMillis) {
    if (pending != null && pending.touched) {
      touched = true;
      touchedBy = pending.number();
    }
    pending = null;
    attachmentSchedule.onFailed();
    switch (state()) {
      case RACING -> {
        transitionTo(SessionState.SUSPECT);
        suspectNanos = nowNanos + attachmentSchedule.delayNanos();
      }
      case HANDOVER -> {
        transitionTo(SessionState.DRAIN);
        attachmentSchedule.later(nowNanos, Duration.ofMillis(atLeastMillis));
      }
      default -> detach(nowNanos, atLeastMillis);
    }
  }

  /** No attachment is left; the next one is tried after a delay. */
  final void detach(long nowNanos, long atLeastMillis) {
    attachmentSchedule.alone(nowNanos);
    transitionTo(SessionState.DETACHED);
    attachmentSchedule.later(nowNanos, Duration.ofMillis(atLeastMillis));
  }

  /** Opens the stream again from the beginning, as plain gRPC. */
  final void reopen(long nowNanos) {
    reopenState.onCut(sendBuffer);
    detach(nowNanos, 0);
  }

  final void becomePlain(StreamAttachment attachment) {
    attachment.plain = true;
    attachment.cursor = Math.max(attachment.cursor, sendBuffer.low());
    sendBuffer.release(attachment.cursor - 1);
  }

  final void closeAll(AttachmentCloseReason why) {
    if (current != null) {
      close(current, why);
    }
    if (pending != null) {
      close(pending, AttachmentCloseReason.UNNEEDED);
    }
    current = null;
    pending = null;
  }
}
