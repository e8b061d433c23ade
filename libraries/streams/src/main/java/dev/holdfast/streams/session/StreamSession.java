package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.BufferBudget;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SequencedMessage;
import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.internal.Handshake;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import dev.holdfast.streams.wire.SessionId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The state of a stream that survives its connections: positions, unacknowledged messages, the
 * deadline, and the end. {@link StreamAttachment} has the state of each connection.
 *
 * <p>Both applications get the messages in order, none lost and none twice, and one end. If that
 * can't be kept, the end says so, with the last known positions. An ack means that the message was
 * processed. Buffers are bounded: at the bound {@link #isReady} is false, and no message is
 * dropped.
 *
 * <p>Not thread-safe. After every input the owner takes the outputs: {@link #poll} until null, and
 * {@link #nextDeadlineNanos}. {@link SessionState} has the states; the two sides are {@link
 * ClientSession} and {@link ServerSession}.
 */
@PureCore
public abstract sealed class StreamSession permits ClientSession, ServerSession {
  private final SessionId id;
  private @Nullable Object shell;
  final SessionOptions options;
  final SendBuffer sendBuffer;
  final ReceiveBuffer receiveBuffer;
  final Deque<SessionOutput> outputs = new ArrayDeque<>(2);
  private SessionState state = SessionState.NEW;

  /** Carries the session, or did so last until it is told to be gone. */
  @Nullable StreamAttachment current;

  /** The end that was reported to the application; null before. */
  @Nullable SessionEnd end;

  /** Whether the peer has shown that a welcome, and the token in it, arrived there. */
  boolean peerWelcomed;

  /** Whether a hop may have held a response of this session. */
  boolean responseHeld;

  long peerCredit = Handshake.INITIAL_CREDIT;
  @Nullable Long deadlineNanos;
  final AckSchedule acks;
  private final AttachmentWriter writer;
  final InboundFlowControl inboundFlowControl;
  private final PoisonMessageDetector stuck;

  StreamSession(SessionId id, SessionOptions options, SessionRules rules) {
    this.id = id;
    this.options = options;
    this.sendBuffer = rules.outbox(options);
    this.receiveBuffer = rules.inbox(options);
    this.stuck = new PoisonMessageDetector(sendBuffer, rules);
    this.acks = new AckSchedule(options, receiveBuffer);
    this.writer = new AttachmentWriter(options, sendBuffer, receiveBuffer, stuck, acks);
    this.inboundFlowControl =
        new InboundFlowControl(receiveBuffer, sendBuffer, this instanceof ServerSession);
  }

  /** Counts what this session holds among all sessions of the process; before anything else. */
  public final void useBudget(BufferBudget shared) {
    sendBuffer.limitBy(shared);
    receiveBuffer.limitBy(shared);
  }

  /** Sets the shell's own object for this session. */
  public final void attach(Object newShell) {
    shell = newShell;
  }

  /** The object given to {@link #attach(Object)}. */
  public final @Nullable Object shell() {
    return shell;
  }

  // What the application does.

  /**
   * Takes a message to the peer; it is kept until the peer has processed it.
   *
   * @return false, and nothing taken, at twice the limit of {@link #isReady}, or after the end
   */
  public final boolean offer(Payload message) {
    return end == null && sendBuffer.offer(message);
  }

  /** Whether more messages are welcome; {@link SessionOutput.Ready} says when they are again. */
  public final boolean isReady() {
    return end == null && sendBuffer.askReady();
  }

  /** As {@link #isReady}, without the promise to say when there is room again. */
  public final boolean hasRoom() {
    return end == null && sendBuffer.isReady();
  }

  /** The application wants so many messages more than it asked for so far. */
  public final void request(int messages) {
    if (messages < 1) {
      throw new IllegalArgumentException("messages: " + messages + " (expected: >= 1)");
    }
    receiveBuffer.request(messages);
  }

  /**
   * Reports that the application begins or ends to handle a message; its answers are committed
   * together with that message.
   */
  public final void handling(boolean begins) {
    sendBuffer.handling(begins);
  }

  /** The application has processed everything up to a position that was delivered to it. */
  public final void processed(long nowNanos, long upTo) {
    // Also after the end was told: what the application still had then is acknowledged as well, or
    // the peer would wait for it.
    if (!state.isTerminal() && upTo > receiveBuffer.processed()) {
      receiveBuffer.processed(upTo);
      onProcessed(nowNanos);
    }
  }

  // What the shell tells.

  /**
   * Handles a received gRPC message.
   *
   * @param header the frame header before the message; null when there was none, or one with
   *     another tag than the attachment's, which then is a part of the body
   * @param body the bytes after the header
   */
  public final void onFrame(
      long nowNanos, StreamAttachment from, @Nullable FrameHeader header, Payload body) {
    // Of an attachment that was replaced nothing is read any more: fencing on this side.
    if (from != current || state.isTerminal()) {
      return;
    }
    inboundFlowControl.onFrame(nowNanos, from);
    from.inbound.heardNanos = nowNanos;
    from.inbound.receivedAny = true;
    onPeerActivity(nowNanos);
    if (header == null) {
      onMessageWithoutHeader(nowNanos, from, body);
      return;
    }
    // Only the first frame has a header while the peer does not know our welcome.
    from.inbound.welcomeSeen = from.inbound.firstHeaderSeen || header.seq() == 0;
    from.inbound.firstHeaderSeen = true;
    peerWelcomed |= from.inbound.welcomeSeen;
    boolean fits = this instanceof ServerSession ? header.isOfClient() : header.isOfServer();
    if (!fits || (header.ack() > 0 && !onAck(header.ack()))) {
      onProtocolViolation(nowNanos, from);
      return;
    }
    peerCredit = Math.max(peerCredit, header.credit());
    if (header.has(Flag.ECHO)) {
      stuck.onEcho(from, header.probe());
    } else if (header.probe() != 0) {
      from.probes.echoDue = header.probe();
      from.onProbe(receiveBuffer.received());
    }
    onFlags(nowNanos, from, header);
    // A last word without a number is no last word: the inbox refuses it.
    boolean position = header.seq() != 0 || header.has(Flag.FINAL | Flag.HALF_CLOSE);
    if (position && from == current) {
      from.inbound.lastSeq = header.seq();
      receive(nowNanos, from, header.seq(), header.flags(), header.status(), body);
    }
    afterInput(nowNanos);
  }

  /** The physical call can take more, or can't. A session writes only to one that can. */
  public final void onWritable(StreamAttachment attachment, boolean writable) {
    attachment.outbound.writable = writable;
  }

  /** The physical call ended, for whatever reason, here or there. */
  public abstract void onClosed(long nowNanos, StreamAttachment attachment, CallClosure how);

  /** The other side closed its half of the physical call. */
  public abstract void onHalfClosed(long nowNanos, StreamAttachment attachment);

  /** Time has passed: due at {@link #nextDeadlineNanos}, harmless at any other time. */
  public abstract void onTimeout(long nowNanos);

  /** When {@link #onTimeout} is due. */
  public final OptionalLong nextDeadlineNanos() {
    EarliestDeadline earliestDeadline = new EarliestDeadline();
    if (!state.isTerminal()) {
      if (current != null) {
        writer.addDeadlines(earliestDeadline, current);
        inboundFlowControl.addDeadlines(earliestDeadline, current);
      }
      addDeadlines(earliestDeadline);
    }
    return earliestDeadline.earliest();
  }

  /** The next thing to do, or null. */
  public final @Nullable SessionOutput poll(long nowNanos) {
    while (true) {
      SessionOutput next = outputs.poll();
      if (next != null) {
        return next;
      }
      if (current != null && !state.isTerminal() && inboundFlowControl.isDue(nowNanos, current)) {
        return new SessionOutput.Request(current);
      }
      boolean plain = current != null && current.plain;
      SequencedMessage sequencedMessage =
          end == null && mayDeliver() ? receiveBuffer.deliver(plain) : null;
      if (sequencedMessage == null) {
        beforeFrames(nowNanos);
        next = outputs.isEmpty() ? nextFrame(nowNanos) : outputs.poll();
        return next == null && isReadyAgain() ? new SessionOutput.Ready() : next;
      }
      if ((sequencedMessage.flags() & Flag.FINAL) != 0) {
        onProcessed(nowNanos);
        onFinal(nowNanos, sequencedMessage);
      } else if ((sequencedMessage.flags() & Flag.HALF_CLOSE) != 0) {
        onProcessed(nowNanos);
        return new SessionOutput.HalfClosed();
      } else {
        return new SessionOutput.Deliver(sequencedMessage.seq(), sequencedMessage.body());
      }
    }
  }

  public final SessionId id() {
    return id;
  }

  public final SessionState state() {
    return state;
  }

  public final boolean isOver() {
    return state.isTerminal() && outputs.isEmpty();
  }

  public final @Nullable SessionEnd end() {
    return end;
  }

  /** The highest position up to which the peer has processed what this side sent. */
  public final long acked() {
    return sendBuffer.acked();
  }

  /** The highest position up to which this side has processed what the peer sent. */
  public final long processed() {
    return receiveBuffer.processed();
  }

  /** The highest position that this side gave to a message. */
  public final long position() {
    return sendBuffer.end();
  }

  /** Bytes that the peer has not processed, and those that this side has not. */
  public final long heldBytes() {
    return sendBuffer.heldBytes() + unprocessedBytes();
  }

  public final long unprocessedBytes() {
    return receiveBuffer.heldBytes();
  }

  /** Messages that came more than once and were dropped. */
  public final long duplicates() {
    return receiveBuffer.duplicates();
  }

  abstract void onFlags(long nowNanos, StreamAttachment from, FrameHeader header);

  abstract void onMessageWithoutHeader(long nowNanos, StreamAttachment from, Payload body);

  /** A final status is next; a client has none, and one of it means nothing. */
  void onFinal(long nowNanos, SequencedMessage sequencedMessage) {}

  abstract void addDeadlines(EarliestDeadline earliestDeadline);

  /** The attachment is given up, because the peer broke the rules. */
  abstract void onProtocolViolation(long nowNanos, StreamAttachment attachment);

  /** The current attachment, or one that may be written to before the peer has answered. */
  @Nullable StreamAttachment writing() {
    return current;
  }

  abstract int wantedFlags();

  boolean mayDeliver() {
    return true;
  }

  boolean maySend(StreamAttachment attachment, SequencedMessage sequencedMessage) {
    return attachment.plain
        || sequencedMessage.seq() <= peerCredit
        || sequencedMessage.flags() != 0;
  }

  /** Whether what the application would send now is meant for the peer. */
  boolean mayReportReady() {
    return end == null;
  }

  void onPeerActivity(long nowNanos) {}

  /** The peer has processed something, or sent something new. */
  void onProgress() {}

  void afterInput(long nowNanos) {}

  /** A frame was due on an attachment whose request side is closed; it was not written. */
  void onUnsayable(long nowNanos, StreamAttachment on) {}

  /** Called when everything but frames was done for earlier inputs. */
  void beforeFrames(long nowNanos) {}

  /** The application has processed something; from when on may it be acknowledged? Now. */
  void onProcessed(long nowNanos) {
    receiveBuffer.commit(receiveBuffer.toCommit());
    scheduleAck(nowNanos);
  }

  final void transitionTo(SessionState next) {
    if (state != next) {
      if (!state.mayBecome(next)) {
        throw new IllegalStateException(id + ": " + state + " -> " + next);
      }
      state = next;
      sendBuffer.onState(next);
      receiveBuffer.onState(next);
      inboundFlowControl.release();
    }
  }

  /** Reports the end to the application, once. */
  final void reportEnd(SessionEnd told) {
    if (end == null) {
      end = told;
      receiveBuffer.clear();
      outputs.add(new SessionOutput.Ended(told));
    }
  }

  final void close(StreamAttachment attachment, AttachmentCloseReason why) {
    responseHeld |= why == AttachmentCloseReason.RESPONSE_HELD;
    outputs.add(new SessionOutput.EndCall(attachment, why));
  }

  final boolean onAck(long upTo) {
    long before = sendBuffer.acked();
    if (!sendBuffer.ack(upTo)) {
      return false;
    }
    if (sendBuffer.acked() > before) {
      onProgress();
    }
    return true;
  }

  /** Acks are not all that makes room: so does a plain peer that reads, and other sessions do. */
  private boolean isReadyAgain() {
    return mayReportReady() && sendBuffer.takeReadyAgain();
  }

  final void receive(
      long nowNanos, StreamAttachment from, long seq, int flags, int status, Payload body) {
    if (end != null) {
      return;
    }
    switch (receiveBuffer.receive(
        seq, flags & (Flag.FINAL | Flag.HALF_CLOSE | Flag.MOVED), status, body)) {
      case ACCEPTED -> onProgress();
      case DUPLICATE -> {
        // A peer that repeats it has missed the ack.
        from.outbound.ackRepeatDue = receiveBuffer.ack() > 0;
      }
      case GAP, PROTOCOL_ERROR -> onProtocolViolation(nowNanos, from);
    }
  }

  /** Whether a handshake fits: all processed was sent, what is next is held. Counts as an ack. */
  final boolean positionsMatch(long peerWatermark, long peerLow) {
    return peerLow <= receiveBuffer.firstNeeded() && onAck(peerWatermark);
  }

  final void scheduleAck(long nowNanos) {
    acks.onProcessed(nowNanos, current);
  }

  /** An attachment was accepted with what the peer says of itself; the caller has checked both. */
  final void adoptAttachment(
      long nowNanos, StreamAttachment next, long peerLow, long credit, long cursor) {
    receiveBuffer.onHandshake(peerLow);
    inboundFlowControl.release();
    current = next;
    next.handshakeComplete = true;
    next.inbound.heardNanos = nowNanos;
    next.outbound.sentNanos = nowNanos;
    next.outbound.cursor = Math.max(cursor, sendBuffer.low());
    peerCredit = credit;
    acks.restart();
    transitionTo(SessionState.ATTACHED);
    scheduleAck(nowNanos);
  }

  /** Whether an attachment that ended without progress was one too many at the same message. */
  final boolean isStuck(StreamAttachment ended, CallClosure how) {
    return stuck.isLimit(ended, how);
  }

  private @Nullable SessionOutput nextFrame(long nowNanos) {
    StreamAttachment to = state.isTerminal() ? null : writing();
    if (to == null) {
      return null;
    }
    if (to.outbound.cursor != 0) {
      // While the transport was full, the peer may have processed what an older attachment brought.
      to.outbound.cursor = Math.max(to.outbound.cursor, sendBuffer.low());
    }
    SequencedMessage sequencedMessage =
        to.outbound.cursor == 0 || !to.outbound.writable ? null : sendBuffer.at(to.outbound.cursor);
    SequencedMessage sendable =
        sequencedMessage != null && maySend(to, sequencedMessage) ? sequencedMessage : null;
    SessionOutput next = writer.next(nowNanos, to, sendable, wantedFlags());
    if (next != null && to.outbound.halfClosed && to.handshakeComplete) {
      onUnsayable(nowNanos, to);
      return outputs.poll();
    }
    return next;
  }

  /** The end of this session at its positions, without a status. */
  final SessionEnd endOf(SessionEnd.SessionEndKind kind) {
    return endOf(kind, 0, Payload.EMPTY);
  }

  /** The end of this session at its positions, with the status and trailers of the call. */
  final SessionEnd endOf(SessionEnd.SessionEndKind kind, int status, Payload trailers) {
    return new SessionEnd(kind, status, trailers, acked(), processed());
  }
}
