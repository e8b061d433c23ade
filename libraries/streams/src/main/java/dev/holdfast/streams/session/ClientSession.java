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
import java.util.OptionalLong;
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
public final class ClientSession extends StreamSession {
  private final SessionRules rules;
  private final ReopenState reopenState = new ReopenState();
  private final Closures closures = new Closures();
  private final ClientAttachments attachments;
  private final OversizedMessageDetector oversized = new OversizedMessageDetector();
  private final Linger linger = new Linger();
  private MethodKind kind = MethodKind.BIDIRECTIONAL;
  private boolean welcomed;

  /** The end of a plain peer's call, while the application was not given all before it. */
  private @Nullable CallClosure plainEnd;

  /** The last attempt to come back was answered by a status that may pass. */
  private boolean resumeRefused;

  /**
   * A session that has not begun.
   *
   * @param id 128 bits of a secure random source
   * @param random for delays and tags
   */
  public ClientSession(
      SessionId id, SessionOptions options, SessionRules rules, RandomGenerator random) {
    super(id, options, rules);
    this.rules = rules;
    this.attachments = new ClientAttachments(this, closures, reopenState, random);
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

  /** As {@link #start(long, Duration, Peer, MethodKind)}, for a bidirectional method. */
  public void start(long nowNanos, Duration deadline, Peer peer) {
    start(nowNanos, deadline, peer, MethodKind.BIDIRECTIONAL);
  }

  /**
   * Starts the session with its first attachment.
   *
   * @param deadline time until the session ends with DEADLINE; zero for none
   * @param peer the knowledge of the peer, from earlier sessions of the channel (of the same method
   *     when it is not bidirectional) or from configuration
   * @param newKind the cardinality of the method
   */
  public void start(long nowNanos, Duration deadline, Peer peer, MethodKind newKind) {
    kind = newKind;
    if (!deadline.isZero()) {
      deadlineNanos = nowNanos + deadline.toNanos();
    }
    if (kind == MethodKind.SERVER_STREAMING) {
      sendBuffer.keepFirst();
    }
    attachments.openFirst(nowNanos, peer, kind);
    if (attachments.pending != null) {
      attachments.pending.plain = peer == Peer.PLAIN;
    }
  }

  /**
   * The application takes the messages of a handler that begins anew, after {@link
   * SessionOutput.Restarted}. Without this such a hand-over is taken only before the first message.
   */
  public void acceptRestart() {
    attachments.handover.acceptRestart();
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
    if (from != attachments.pending || state().isTerminal()) {
      return;
    }
    AttachmentCloseReason before = attachments.onTaken(from);
    // A server that forgot what it had acknowledged would want what is no longer held. A hello may
    // be older than acks that overtook it; a welcome can't.
    // On the call that was taken for a plain one too early all that was let go is on its way.
    boolean forgot = !from.plain && welcome.watermark() < sendBuffer.low() - 1;
    if (forgot || !positionsMatch(welcome.watermark(), welcome.low())) {
      giveUp(nowNanos, SessionEndKind.LOST_GAP);
    }
    if (current != null && current != from) {
      close(current, before);
    }
    attachments.token = welcome.token();
    attachments.schedule.onWelcome(welcome);
    acks.follow(rules.ackPolicy(options, welcome));
    welcomed = true;
    resumeRefused = false;
    attachments.touched = true;
    attachments.attached(nowNanos);
    long next =
        from.opening().mayWriteBeforeWelcome ? from.outbound.cursor : welcome.watermark() + 1;
    if (state() == SessionState.DETACHED) {
      transitionTo(SessionState.RESUMING);
    }
    attachments.plainPeer.end();
    from.plain = false;
    from.inbound.receivedAny = true;
    adoptAttachment(nowNanos, from, welcome.low(), welcome.credit(), next);
    if (from.outbound.halfClosed && !from.outbound.sparing && !mayKeepHalfClosed(from)) {
      // The welcome came after we took the peer for a plain one: acks need an open request side.
      attachments.drain(nowNanos, from);
    }
  }

  /**
   * Whether to go on reading an attachment whose request side is closed, until there is something
   * to say. There is little to acknowledge of one response; but who wrote nothing has not said the
   * half-close either.
   */
  private boolean mayKeepHalfClosed(StreamAttachment attachment) {
    return kind == MethodKind.CLIENT_STREAMING && attachment.outbound.firstHeaderSent;
  }

  /** Something is to be said on an attachment whose request side is closed: another one says it. */
  @Override
  void onUnsayable(long nowNanos, StreamAttachment on) {
    if (rules.replacesHalfClosed()) {
      attachments.drain(nowNanos, on);
    }
  }

  @Override
  void beforeFrames(long nowNanos) {
    attachments.fallBack(nowNanos);
    if (attachments.handover.isDue() && end == null) {
      attachments.handOver(nowNanos);
    }
    endPlainWhenDelivered();
  }

  /** The server's response headers came without a welcome: it knows no sessions. */
  public void onPlainHeaders(long nowNanos, StreamAttachment from) {
    if (from != attachments.pending || state().isTerminal()) {
      return;
    }
    if (linger.isCancel()) {
      finish();
    } else if (welcomed || (attachments.touched && options.level() != DurabilityLevel.REOPEN)) {
      // Somebody else is there now, and the session is not.
      lose(SessionEndKind.LOST_UNKNOWN);
    } else {
      if (attachments.touched && !reopenState.isWithheld()) {
        reopenState.onCut(sendBuffer);
      }
      attachments.becomePlain(from);
      current = from;
      attachments.attached(nowNanos);
      attachments.schedule.onAnswered();
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
    if (from != attachments.pending) {
      onClosed(nowNanos, from, CallClosure.connection());
      return;
    }
    attachments.plainPeer.end();
    boolean again =
        handshakeRefusal.code() == HandshakeRefusal.RefusalCode.BUSY
            || handshakeRefusal.code() == HandshakeRefusal.RefusalCode.MOVED;
    if (end != null && !again) {
      finish();
      return;
    }
    if (again) {
      // What it was sent it has not taken.
      from.outbound.touched = false;
    }
    switch (handshakeRefusal.code()) {
      case UNKNOWN -> {
        if (options.level() == DurabilityLevel.REOPEN && !welcomed) {
          attachments.pending = null;
          reopen(nowNanos);
        } else {
          lose(SessionEndKind.LOST_UNKNOWN);
        }
      }
      case EXPIRED -> lose(SessionEndKind.LOST_EXPIRED);
      case GAP -> lose(SessionEndKind.LOST_GAP);
      case DENIED -> lose(SessionEndKind.LOST_DENIED);
      case FENCED -> attachments.attemptFailed(nowNanos, 0);
      case BUSY -> attachments.attemptFailed(nowNanos, handshakeRefusal.retryAfterMillis());
      case MOVED -> {
        if (attachments.schedule.follow(handshakeRefusal.address())) {
          attachments.pending = null;
          attachments.open(nowNanos);
        } else {
          attachments.attemptFailed(nowNanos, 0);
        }
      }
    }
  }

  /** The connection below is suspect, by somebody who sees more of it than this stream. */
  public void onSuspect(long nowNanos, StreamAttachment attachment) {
    attachments.onSuspect(nowNanos, attachment);
  }

  /** The call of an attachment waits for its turn among other sessions that resume. */
  public void onResumeQueued(StreamAttachment attachment) {
    attachments.onResumeQueued(attachment);
  }

  /**
   * Reports that the call of an attachment has begun and may wait for a connection: {@link
   * #onHelloSent} follows when it has one. The silence before is nobody's, so that the session does
   * not take its server for one without sessions.
   */
  public void onHelloUnsent(StreamAttachment attachment) {
    attachments.onHelloUnsent(attachment);
  }

  /**
   * The call of a resume begins, or its hello went out: from now on an answer can be awaited. That
   * of a session that nobody welcomed is awaited from the attachment's begin on, as its hello says.
   */
  public void onHelloSent(long nowNanos, StreamAttachment attachment) {
    attachments.onHelloSent(nowNanos, attachment);
  }

  /** A server has welcomed another session of the channel, in the way of the next attempt here. */
  public void onReachable(long nowNanos) {
    attachments.onReachable(nowNanos);
  }

  /** The connection below will end (GOAWAY), or should: the attachment is replaced first. */
  public void onDrain(long nowNanos, StreamAttachment attachment) {
    attachments.onDrain(nowNanos, attachment);
  }

  /**
   * The application is about to be told that its stream was reopened, and to send its first
   * messages anew; call {@link #finishReopen} when it has.
   *
   * @return messages that were offered and never written, so far; empty when the application need
   *     not be told, because it was told already, or the stream was cut again
   */
  public OptionalLong beginReopen() {
    StreamAttachment open = current;
    if (open == null || !reopenState.isWithheld()) {
      return OptionalLong.empty();
    }
    reopenState.onBegin(sendBuffer);
    open.outbound.cursor = sendBuffer.low();
    return OptionalLong.of(reopenState.dropped());
  }

  /** The application has sent its first messages anew. */
  public void finishReopen() {
    reopenState.onBegun(sendBuffer);
  }

  /**
   * No attachment can follow: told as cancelled, unless another end was; a server waits its TTL.
   */
  public void abandon() {
    if (!state().isTerminal()) {
      reportEnd(endOf(SessionEndKind.CANCELLED));
      attachments.closeAll(AttachmentCloseReason.UNNEEDED);
      transitionTo(SessionState.CLOSED);
    }
  }

  /** Whether an owner has handed the session over, and no other one has welcomed it yet. */
  public boolean isHandedOver() {
    return attachments.handover.isPending();
  }

  /** The size of the first message that the peer has not processed; 0 when there is none. */
  public long nextUnackedBytes() {
    SequencedMessage next = sendBuffer.at(sendBuffer.acked() + 1);
    return next == null ? 0 : next.body().sizeBytes();
  }

  @Override
  public void onClosed(long nowNanos, StreamAttachment attachment, CallClosure how) {
    if (state().isTerminal()) {
      return;
    }
    if (attachment == attachments.pending) {
      closures.pendingClosed(nowNanos, attachment, how);
    } else if (attachment == current && attachment.plain) {
      plainClosed(nowNanos, how);
    } else if (attachment == current) {
      closures.currentClosed(nowNanos, attachment, how);
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
    } else if (attachments.schedule.isHopeless(nowNanos)) {
      lose(resumeRefused ? SessionEndKind.LOST_REFUSED : SessionEndKind.LOST_UNREACHABLE);
    } else {
      attachments.keepAttached(nowNanos);
    }
  }

  @Override
  void addDeadlines(EarliestDeadline earliestDeadline) {
    attachments.addDeadlines(earliestDeadline);
    linger.addDeadlines(earliestDeadline);
    earliestDeadline.at(end == null ? deadlineNanos : null);
  }

  @Override
  boolean mayReportReady() {
    return super.mayReportReady() && !reopenState.isWithheld();
  }

  @Override
  void onPeerActivity(long nowNanos) {
    attachments.onPeerActivity(nowNanos);
  }

  @Override
  void onProgress() {
    attachments.schedule.onProgress();
  }

  @Override
  void onFlags(long nowNanos, StreamAttachment from, FrameHeader header) {
    attachments.serverLeaving |= header.has(Flag.LEAVING);
    if (header.has(Flag.DRAIN) && !header.has(Flag.LEAVING)) {
      attachments.drain(nowNanos, from);
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
    if (moved && attachments.handover.prepare(sequencedMessage)) {
      return;
    }
    SessionEndKind sessionEndKind = moved ? SessionEndKind.MOVED : SessionEndKind.FINISHED;
    Payload trailers = moved ? Payload.EMPTY : sequencedMessage.body();
    conclude(nowNanos, endOf(sessionEndKind, sequencedMessage.status(), trailers));
  }

  @Override
  @Nullable StreamAttachment writing() {
    if (current != null) {
      return current;
    }
    return attachments.pending != null
            && (attachments.pending.opening().mayWriteBeforeWelcome || attachments.pending.plain)
        ? attachments.pending
        : null;
  }

  @Override
  boolean maySend(StreamAttachment attachment, SequencedMessage sequencedMessage) {
    if (end != null
        || attachments.serverLeaving
        || attachments.handover.isPending()
        || reopenState.isWithheld()) {
      return false;
    }
    boolean halfClose = (sequencedMessage.flags() & Flag.HALF_CLOSE) != 0;
    // A plain peer gives no credit; its transport slows us down.
    return attachment.plain
        || (attachment.opening().mayExceedInitialCredit
            && !attachment.handshakeComplete
            && !halfClose)
        || ((attachment.handshakeComplete || !halfClose)
            && super.maySend(attachment, sequencedMessage));
  }

  @Override
  int wantedFlags() {
    return linger.flags() | (attachments.serverLeaving && end == null ? Flag.SETTLED : 0);
  }

  @Override
  void onProtocolViolation(long nowNanos, StreamAttachment attachment) {
    close(attachment, AttachmentCloseReason.PROTOCOL_ERROR);
    closures.currentClosed(nowNanos, attachment, CallClosure.stream(CallClosure.UNAVAILABLE));
  }

  private void plainClosed(long nowNanos, CallClosure how) {
    boolean again =
        options.level() == DurabilityLevel.REOPEN && how.kind() != CallClosure.ClosureScope.STATUS;
    current = null;
    if (again && end == null) {
      reopen(nowNanos);
    } else {
      plainEnd = how;
      endPlainWhenDelivered();
    }
  }

  /** Ends after what a plain peer has sent, as another thread may be about to deliver that. */
  private void endPlainWhenDelivered() {
    CallClosure how = plainEnd;
    boolean delivered = receiveBuffer.delivered() == receiveBuffer.received();
    if (how != null && (end != null || delivered)) {
      reportEnd(endOf(SessionEndKind.PLAIN, how.status(), how.trailers()));
      finish();
    }
  }

  /** Opens the stream again from the beginning, as plain gRPC. */
  private void reopen(long nowNanos) {
    reopenState.onCut(sendBuffer);
    attachments.detach(nowNanos, 0);
  }

  /** The session can't be kept: told at once, and to the server as a cancel, or it would wait. */
  private void giveUp(long nowNanos, SessionEndKind why) {
    if (end == null) {
      linger.cancel();
      reportEnd(endOf(why));
      linger.begin(nowNanos, attachments.schedule.ttl());
    }
  }

  /** The application knows the end; the server is still to hear of it. */
  private void conclude(long nowNanos, SessionEnd how) {
    reportEnd(how);
    if (!(welcomed || attachments.pending != null) || (current != null && current.plain)) {
      finish();
    } else {
      linger.begin(nowNanos, attachments.schedule.ttl());
      if (current != null) {
        current.outbound.ackRepeatDue = receiveBuffer.ack() > 0;
        current.outbound.sparing = false;
      }
    }
  }

  private void lose(SessionEndKind why) {
    // Nobody takes the session over: the owner before has said exactly what it processed.
    reportEnd(
        attachments.handover.isPending()
            ? endOf(SessionEndKind.MOVED, CallClosure.UNAVAILABLE, Payload.EMPTY)
            : endOf(why));
    finish();
  }

  private void finish() {
    attachments.closeAll(linger.attachmentCloseReason());
    boolean lost = end != null && end.kind().isLost();
    transitionTo(lost ? SessionState.LOST : SessionState.CLOSED);
  }

  /** The decisions of this session about attachments that end, or that nobody answers. */
  private final class Closures implements ClientAttachments.Listener {
    @Override
    public void pendingClosed(long nowNanos, StreamAttachment attachment, CallClosure how) {
      if (how.kind() == CallClosure.ClosureScope.UNREACHED) {
        attachment.outbound.touched = false;
      }
      boolean touched = attachments.touched || attachment.outbound.touched;
      attachment.plain |=
          touched && !welcomed && attachments.plainPeer.isPlainCallsEnd(nowNanos, attachment);
      boolean status =
          how.kind() == CallClosure.ClosureScope.STATUS && how.status() != CallClosure.UNAVAILABLE;
      boolean unsure = attachments.plainPeer.mayBePlain() && touched;
      resumeRefused = welcomed && how.isTransient();
      if (welcomed && current == null && how.isPermanent() && rules.endsSession(how)) {
        lose(SessionEndKind.LOST_REFUSED);
      } else if (end != null || welcomed || !(status || attachment.plain || unsure)) {
        attachments.attemptFailed(nowNanos, 0);
      } else if (options.level() == DurabilityLevel.REOPEN && !status) {
        attachments.pending = null;
        reopen(nowNanos);
      } else if (status || attachment.plain) {
        attachments.pending = null;
        reportEnd(endOf(SessionEndKind.PLAIN, how.status(), how.trailers()));
        finish();
      } else {
        attachments.attemptFailed(nowNanos, 0);
      }
    }

    @Override
    public void currentClosed(long nowNanos, StreamAttachment attachment, CallClosure how) {
      if (end != null && how.isOfPeer()) {
        finish();
      } else {
        // An owner that has moved the session has no say in it any more (H9).
        boolean moved = receiveBuffer.isMoved();
        if (!moved && isStuck(attachment, how)) {
          giveUp(nowNanos, SessionEndKind.LOST_STUCK);
        } else if (!moved
            && (how.isPermanent() || oversized.isLimit(how, receiveBuffer.received()))) {
          giveUp(nowNanos, SessionEndKind.LOST_REFUSED);
        }
        current = null;
        if (attachments.pending == null) {
          attachments.detach(nowNanos, 0);
        } else {
          attachments.schedule.alone(nowNanos);
          transitionTo(SessionState.RESUMING);
        }
      }
    }

    @Override
    public void onSilence(StreamAttachment opening, PlainPeerDetector.FallbackStep fallbackStep) {
      switch (fallbackStep) {
        case GIVE_UP -> finish();
        case WRITE -> opening.opening().mayWriteBeforeWelcome = true;
        case HALF_CLOSE -> {
          // All is still held, so that a welcome may come as late as it likes.
          opening.outbound.touched = true;
          sendBuffer.onSent(opening.outbound.cursor++);
          attachments.endRequests(opening);
        }
        case WRITE_ON -> opening.opening().mayExceedInitialCredit = true;
        case PLAIN -> attachments.becomePlain(opening);
      }
    }
  }
}
