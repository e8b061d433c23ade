package dev.holdfast.streams;

import dev.holdfast.core.PureCore;
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
abstract sealed class AttachingSession extends StreamSession permits ClientSession {
  final SessionRules rules;
  final Attempts attempts;

  /** Being opened; it may write before the answer only when it is the first. */
  @Nullable StreamAttachment pending;

  /** Whether an attachment that nobody answered may have brought messages to a peer. */
  boolean touched;

  private long touchedBy;

  /** The token of the last welcome; {@link SessionToken#NONE} before the first one. */
  SessionToken token = SessionToken.NONE;

  final PeerDoubt doubt;
  final Reopening reopening = new Reopening();

  private long startNanos;

  /** The server's instance ends, and with it the session. */
  boolean leaving;

  /** The application knows that there is no attachment. */
  private boolean waiting;

  private long attachedNanos;
  private long suspectNanos;

  AttachingSession(
      SessionId id, SessionOptions options, SessionRules rules, RandomGenerator random) {
    super(id, options, rules);
    this.rules = rules;
    this.attempts = new Attempts(options.timing(), random);
    this.doubt = new PeerDoubt(options.timing());
  }

  /** The connection below is suspect, by somebody who sees more of it than this stream. */
  public void onSuspect(long nowNanos, StreamAttachment attachment) {
    if (attachment == current && state() == SessionState.ATTACHED && attachment.proved) {
      become(SessionState.SUSPECT);
      suspectNanos = nowNanos;
      attachment.probeDue = true;
    }
  }

  /**
   * Reports that the call of an attachment has not begun, because it waits for its turn among other
   * sessions that resume.
   */
  public void onHeld(StreamAttachment attachment) {
    attachment.held = !token.isNone();
  }

  /**
   * The call of a resume begins, or its hello went out: from now on an answer can be awaited. That
   * of a session that nobody welcomed is awaited from the attachment's begin on, as its hello says.
   */
  public void onAsked(long nowNanos, StreamAttachment attachment) {
    attachment.held = false;
    if (!token.isNone()) {
      attachment.askedNanos = nowNanos;
    }
  }

  /** The connection below will end (GOAWAY), or should: the attachment is replaced first. */
  public void onDrain(long nowNanos, StreamAttachment attachment) {
    if (attachment == current && attachment.proved && !leaving) {
      drain(nowNanos, attachment);
    }
  }

  /**
   * The application is about to be told that its stream was reopened, and to send its first
   * messages anew; call {@link #begunAgain} when it has.
   *
   * @return messages that were offered and never written, so far; empty when the application need
   *     not be told, because it was told already, or the stream was cut again
   */
  public final OptionalLong beginAgain() {
    StreamAttachment open = current;
    if (open == null || !reopening.isWithheld()) {
      return OptionalLong.empty();
    }
    reopening.onBegin(outbox);
    open.cursor = outbox.low();
    return OptionalLong.of(reopening.dropped());
  }

  /** The application has sent its first messages anew. */
  public final void begunAgain() {
    reopening.onBegun(outbox);
  }

  /**
   * No attachment can follow: told as cancelled, unless another end was; a server waits its TTL.
   */
  public void abandon() {
    if (!state().isTerminal()) {
      tell(SessionEnd.of(SessionEnd.Kind.CANCELLED, this));
      closeAll(AttachmentEnd.UNNEEDED);
      become(SessionState.CLOSED);
    }
  }

  /** The size of the first message that the peer has not processed; 0 when there is none. */
  public final long nextUnackedBytes() {
    Outbox.Item next = outbox.at(outbox.acked() + 1);
    return next == null ? 0 : next.body().sizeBytes();
  }

  /** The pending attachment was answered and carries the session from now on. */
  final void attached(long nowNanos) {
    pending = null;
    attachedNanos = nowNanos;
    if (waiting) {
      waiting = false;
      outputs.add(new SessionOutput.Resumed());
    }
  }

  abstract void pendingClosed(long nowNanos, StreamAttachment attachment, PhysicalEnd how);

  abstract void currentClosed(long nowNanos, StreamAttachment attachment, PhysicalEnd how);

  abstract void onSilence(StreamAttachment opening, PeerDoubt.Step step);

  /** Does what is due of opening, replacing and giving up. */
  final void keepAttached(long nowNanos) {
    if (!waiting && end == null && attempts.isWaiting(nowNanos)) {
      waiting = true;
      outputs.add(new SessionOutput.Waiting(attempts.left(nowNanos)));
    }
    StreamAttachment opening = pending;
    if (opening != null
        && mustBeAnswered(opening)
        && Due.isOver(nowNanos, opening.askedNanos + attempts.handshake().toNanos())) {
      close(opening, AttachmentEnd.SILENT);
      if (!token.isNone()) {
        attempts.onSilence();
      }
      pendingClosed(nowNanos, opening, PhysicalEnd.connection());
    } else if (opening != null) {
      PeerDoubt.Step step = doubt.next(opening, outbox, end != null);
      if (step != null
          && Due.isOver(nowNanos, opening.openedNanos() + doubt.patience(step).toNanos())) {
        onSilence(opening, step);
      }
    }
    StreamAttachment carrying = current;
    if (carrying != null && carrying.proved) {
      silence(nowNanos, carrying);
      if (intake.isHeldUp(nowNanos, current)) {
        drain(nowNanos, carrying);
      }
    }
    if (pending == null && attempts.isDue(nowNanos)) {
      become(state() == SessionState.DRAIN ? SessionState.HANDOVER : SessionState.RESUMING);
      open(nowNanos);
    }
  }

  private boolean mustBeAnswered(StreamAttachment opening) {
    return !opening.held && !doubt.mayStaySilent(opening);
  }

  private void silence(long nowNanos, StreamAttachment carrying) {
    SessionOptions.Timing timing = options.timing();
    switch (state()) {
      case ATTACHED -> {
        if (carrying.isSilent(nowNanos, timing.suspect())) {
          onSuspect(nowNanos, carrying);
        } else if (!timing.rotate().isZero()
            && Due.isOver(nowNanos, attachedNanos + timing.rotate().toNanos())) {
          drain(nowNanos, carrying);
        }
      }
      case SUSPECT -> {
        if (Due.isOver(nowNanos, suspectNanos + timing.race().toNanos())) {
          become(SessionState.RACING);
          open(nowNanos);
        }
      }
      default -> {}
    }
    if (mayBeDead() && carrying.isSilent(nowNanos, timing.dead())) {
      close(carrying, AttachmentEnd.SILENT);
      currentClosed(nowNanos, carrying, PhysicalEnd.connection());
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
  void addDeadlines(Due due) {
    attempts.addDeadlines(due, pending != null, waiting || end != null);
    SessionOptions.Timing timing = options.timing();
    if (pending != null) {
      if (mustBeAnswered(pending)) {
        due.after(pending.askedNanos, attempts.handshake());
      }
      PeerDoubt.Step step = doubt.next(pending, outbox, end != null);
      if (step != null) {
        due.after(pending.openedNanos(), doubt.patience(step));
      }
    }
    if (current == null || !current.proved) {
      return;
    }
    switch (state()) {
      case ATTACHED -> {
        current.addSilence(due, timing.suspect());
        due.after(attachedNanos, timing.rotate());
      }
      case SUSPECT -> due.after(suspectNanos, timing.race());
      default -> {}
    }
    if (mayBeDead()) {
      current.addSilence(due, timing.dead());
    }
  }

  @Override
  boolean mayTellReady() {
    return super.mayTellReady() && !reopening.isWithheld();
  }

  @Override
  void onLife(long nowNanos) {
    if (state() == SessionState.SUSPECT || state() == SessionState.RACING) {
      if (pending != null) {
        close(pending, AttachmentEnd.UNNEEDED);
        pending = null;
      }
      become(SessionState.ATTACHED);
    }
  }

  @Override
  void onProgress() {
    attempts.onProgress();
  }

  /** Starts the first attachment of the session. */
  final void openFirst(long nowNanos, ClientSession.Peer peer) {
    startNanos = nowNanos;
    doubt.begin(peer);
    become(SessionState.OPENING);
    open(nowNanos);
  }

  /** Begins an attachment, which is pending until it is answered. */
  final StreamAttachment open(long nowNanos) {
    StreamAttachment next = attempts.next(nowNanos);
    pending = next;
    // One before that came to no server was none.
    next.first = mayBegin() && (next.number() == 1 || doubt.mayBePlain());
    if (next.first) {
      next.mayWriteUnproved = options.firstMessage() == FirstMessage.AT_ONCE;
      next.cursor = outbox.low();
    }
    Hello hello =
        new Hello(
            id(),
            next.number(),
            next.tag(),
            inbox.watermark(),
            outbox.low(),
            inbox.credit(),
            remainingMillis(nowNanos),
            !touched,
            token,
            isUnanswered() ? ageMillis(nowNanos) : 0,
            isUnanswered() ? touchedBy : 0);
    next.toldCredit = hello.credit();
    next.toldAck = hello.watermark();
    outputs.add(new SessionOutput.Open(next, hello, attempts.address(), reopening.isPlain()));
    return next;
  }

  /** Whether no server can have got a message, and none has welcomed the session. */
  private boolean mayBegin() {
    return !touched && token.isNone() && end == null && !reopening.isPlain();
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
      become(SessionState.DRAIN);
      attempts.soon(nowNanos);
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
    attempts.onFailed();
    switch (state()) {
      case RACING -> {
        become(SessionState.SUSPECT);
        suspectNanos = nowNanos + attempts.delayNanos();
      }
      case HANDOVER -> {
        become(SessionState.DRAIN);
        attempts.later(nowNanos, Duration.ofMillis(atLeastMillis));
      }
      default -> detach(nowNanos, atLeastMillis);
    }
  }

  /** No attachment is left; the next one is tried after a delay. */
  final void detach(long nowNanos, long atLeastMillis) {
    attempts.alone(nowNanos);
    become(SessionState.DETACHED);
    attempts.later(nowNanos, Duration.ofMillis(atLeastMillis));
  }

  /** Opens the stream again from the beginning, as plain gRPC. */
  final void reopen(long nowNanos) {
    reopening.onCut(outbox);
    detach(nowNanos, 0);
  }

  final void becomePlain(StreamAttachment attachment) {
    attachment.plain = true;
    attachment.cursor = Math.max(attachment.cursor, outbox.low());
    outbox.release(attachment.cursor - 1);
  }

  final void closeAll(AttachmentEnd why) {
    if (current != null) {
      close(current, why);
    }
    if (pending != null) {
      close(pending, AttachmentEnd.UNNEEDED);
    }
    current = null;
    pending = null;
  }
}
