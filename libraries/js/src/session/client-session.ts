import { Flag, type FrameHeader, isOfServer } from '../wire/frame-header.js';
import { INITIAL_CREDIT, ownerOf, type Refusal, type Welcome } from '../wire/handshake.js';
import { AckSchedule } from './ack-schedule.js';
import type { Attachment } from './attachment.js';
import type { SessionRandom } from './attachment-schedule.js';
import { type AttachedSession, Attachments } from './attachments.js';
import type { BufferBudget } from './buffer-budget.js';
import { Deadlines, isOver } from './deadlines.js';
import { FrameWriter } from './frame-writer.js';
import { InboundFlow } from './inbound-flow.js';
import type { SessionOptions } from './options.js';
import type { CallClosure, CloseReason, LossKind, SessionEnd, SessionEndKind, SessionOutput } from './outputs.js';
import { Code, isPermanent, isTransient } from './outputs.js';
import type { FallbackStep, MethodKind, Peer } from './plain-peer.js';
import { ReceiveBuffer } from './receive-buffer.js';
import { OversizedMessageDetector, PoisonMessageDetector } from './refusal-detectors.js';
import { SendBuffer, type SequencedMessage } from './send-buffer.js';
import { type SessionState, isAttached, isTerminal, mayBecome } from './session-state.js';

const EMPTY: Uint8Array = new Uint8Array(0);

/**
 * The client side of a session (docs/duplex-v1.md): positions, unacknowledged messages, attachments, and the end.
 *
 * Pure: time comes with each input, chance from the {@link SessionRandom}. After every input the owner executes the outputs, {@link poll}
 * until undefined, and calls {@link onTimeout} at {@link nextDeadline}. Times are milliseconds of one monotonic clock.
 */
export class ClientSession implements AttachedSession {
  readonly sent: SendBuffer;
  readonly received: ReceiveBuffer;
  readonly inboundFlow: InboundFlow;
  readonly outputs: SessionOutput[] = [];
  current: Attachment | undefined;

  private state_: SessionState = 'NEW';
  private end_: SessionEnd | undefined;
  private deadline_: number | undefined;
  private peerCredit = INITIAL_CREDIT;
  private kind: MethodKind = 'bidirectional';
  private welcomed = false;
  /** Whether the last attempt to come back was answered by a status that may pass. */
  private resumeRefused = false;
  /** After its end the session lingers until then, so that the server hears of it. */
  private lingerUntil: number | undefined;
  private cancels = false;

  private readonly attachments: Attachments;
  private readonly acks: AckSchedule;
  private readonly poison: PoisonMessageDetector;
  private readonly oversized = new OversizedMessageDetector();
  private readonly writer: FrameWriter;

  /** @param id 16 bytes of a secure random source */
  constructor(
    readonly id: Uint8Array,
    readonly options: SessionOptions,
    random: SessionRandom,
    budget: BufferBudget,
  ) {
    this.sent = new SendBuffer(options.sendMessages, options.sendBytes, budget);
    this.received = new ReceiveBuffer(options.receiveMessages, options.receiveBytes, budget);
    this.inboundFlow = new InboundFlow(this.received, this.sent);
    this.acks = new AckSchedule(options, this.received);
    this.poison = new PoisonMessageDetector(this.sent);
    this.writer = new FrameWriter(options, this.sent, this.received, this.poison, this.acks);
    this.attachments = new Attachments(this, random);
  }

  get state(): SessionState {
    return this.state_;
  }

  /** The end that was reported to the application; undefined before. */
  get end(): SessionEnd | undefined {
    return this.end_;
  }

  get isEnded(): boolean {
    return this.end_ !== undefined;
  }

  get deadline(): number | undefined {
    return this.deadline_;
  }

  /** Whether nothing is left to do. */
  get isOver(): boolean {
    return isTerminal(this.state_) && this.outputs.length === 0;
  }

  // What the application does.

  /** Starts the session with its first attachment; `remainingMillis` until its deadline, 0 for none. */
  start(now: number, remainingMillis: number, peer: Peer, kind: MethodKind = 'bidirectional'): void {
    this.kind = kind;
    if (kind === 'server-streaming') {
      this.sent.keepFirst();
    }
    this.deadline_ = remainingMillis > 0 ? now + remainingMillis : undefined;
    this.attachments.openFirst(now, peer, kind);
  }

  /** The application takes the messages of a handler that begins anew, after the output `restarted`. */
  acceptRestart(): void {
    this.attachments.handover.acceptRestart();
  }

  /** Takes a message, and keeps it until the server has processed it; false at twice the limits, or after the end. */
  offer(body: Uint8Array): boolean {
    return !this.isEnded && this.sent.offer(body);
  }

  /** Whether more messages are welcome; the output `ready` says when they are again. */
  isReady(): boolean {
    return !this.isEnded && this.sent.askReady();
  }

  /** The application will send no more. */
  halfClose(): void {
    if (!this.isEnded) {
      this.sent.finish();
    }
  }

  /** The application wants so many messages more than it asked for so far. */
  request(messages: number): void {
    this.received.request(messages);
  }

  /** The application has processed everything up to a position that was delivered to it, maybe after the end. */
  processed(now: number, upTo: number): void {
    if (!isTerminal(this.state_) && upTo > this.received.processed) {
      this.received.process(upTo);
      this.acks.onProcessed(now, this.current);
    }
  }

  /** The application wants no more: it is told so at once, and the server as soon as possible. */
  cancel(now: number): void {
    if (!this.isEnded) {
      this.cancels = true;
      this.conclude(now, this.endOf('CANCELLED'));
    }
  }

  /** No attachment can follow, as the channel is closed: the server learns of it by the TTL. */
  abandon(): void {
    if (!isTerminal(this.state_)) {
      this.reportEnd(this.endOf('CANCELLED'));
      this.finish();
    }
  }

  // What the calls tell.

  /** The call can take more, or can't. */
  onWritable(attachment: Attachment, writable: boolean): void {
    attachment.outbound.writable = writable;
  }

  onResumeQueued(attachment: Attachment): void {
    this.attachments.onResumeQueued(attachment);
  }

  /**
   * The call of an attachment has begun and may wait for a connection; `onHelloSent` follows when it has one. The silence before is
   * nobody's, so that the server is not taken for one without sessions.
   */
  onHelloUnsent(attachment: Attachment): void {
    this.attachments.onHelloUnsent(attachment);
  }

  onHelloSent(now: number, attachment: Attachment): void {
    this.attachments.onHelloSent(now, attachment);
  }

  /** A server has welcomed another session of the channel, in the way of the next attempt here. */
  onReachable(now: number): void {
    this.attachments.onReachable(now);
  }

  /** The address of the server that the next attempt goes to, '' for any; undefined unless the session waits between two attempts. */
  get pausedFor(): string | undefined {
    return this.state_ === 'DETACHED' ? ownerOf(this.attachments.token) : undefined;
  }

  /** The server's response headers came with a welcome. */
  onWelcome(now: number, from: Attachment, welcome: Welcome): void {
    if (from !== this.attachments.pending || isTerminal(this.state_)) {
      return;
    }
    const before = this.attachments.onTaken(from);
    // A server that forgot what it had acknowledged would want what is no longer held. On a call that was taken for a plain one too
    // early all that was let go is on its way.
    const forgot = !from.plain && welcome.watermark < this.sent.low - 1;
    const fits = welcome.low <= this.received.firstNeeded && this.onAck(welcome.watermark);
    if (forgot || !fits) {
      this.giveUp(now, 'LOST_GAP');
    }
    if (this.current !== undefined && this.current !== from) {
      this.close(this.current, before);
    }
    this.attachments.token = welcome.token;
    this.attachments.schedule.onWelcome(welcome);
    this.acks.follow(welcome);
    this.welcomed = true;
    this.resumeRefused = false;
    this.attachments.touched = true;
    this.attachments.onAttached(now);
    if (this.state_ === 'DETACHED') {
      this.transitionTo('RESUMING');
    }
    this.attachments.plainPeer.end();
    this.adopt(now, from, welcome);
    // There is little to acknowledge of one response; but who wrote nothing has not said the half-close either.
    const mayStay = this.kind === 'client-streaming' && from.outbound.firstHeaderSent;
    if (from.outbound.halfClosed && !from.outbound.sparing && !mayStay) {
      // Acks need an open request side.
      this.attachments.drain(now, from);
    }
  }

  /** The server's response headers came without a welcome: it knows no sessions. */
  onPlainHeaders(now: number, from: Attachment): void {
    if (from !== this.attachments.pending || isTerminal(this.state_)) {
      return;
    }
    if (this.cancels) {
      this.finish();
    } else if (this.welcomed || this.attachments.touched) {
      // Somebody else is there now, and the session is not.
      this.lose('LOST_UNKNOWN');
    } else {
      this.attachments.becomePlain(from);
      this.current = from;
      this.attachments.onAttached(now);
      this.attachments.schedule.onAnswered();
      this.transitionTo('ATTACHED');
    }
  }

  /** The server refused the attachment, or replaced it by another one. */
  onRefused(now: number, from: Attachment, refusal: Refusal): void {
    if (isTerminal(this.state_)) {
      return;
    }
    if (from !== this.attachments.pending) {
      this.onClosed(now, from, { scope: 'connection', status: Code.UNAVAILABLE });
      return;
    }
    this.attachments.plainPeer.end();
    const notTaken = refusal.code === 'BUSY' || refusal.code === 'MOVED';
    if (this.isEnded && !notTaken) {
      this.finish();
      return;
    }
    if (notTaken) {
      from.opening.touched = false;
    }
    switch (refusal.code) {
      case 'UNKNOWN':
      case 'EXPIRED':
      case 'GAP':
      case 'DENIED':
        this.lose(`LOST_${refusal.code}`);
        break;
      case 'FENCED':
      case 'BUSY':
        this.attachments.attemptFailed(now, refusal.retryAfter);
        break;
      case 'MOVED':
        if (this.attachments.schedule.follow(refusal.address)) {
          this.attachments.pending = undefined;
          this.attachments.open(now);
        } else {
          this.attachments.attemptFailed(now, 0);
        }
    }
  }

  /** A gRPC message came; without a header when there was none, or one with another tag, which then is a part of the body. */
  onFrame(now: number, from: Attachment, header: FrameHeader | undefined, body: Uint8Array): void {
    // Of an attachment that was replaced nothing is read any more: fencing on this side.
    if (from !== this.current || isTerminal(this.state_)) {
      return;
    }
    from.inbound.requested = Math.max(0, from.inbound.requested - 1);
    from.inbound.heardAt = now;
    from.inbound.receivedAny = true;
    this.attachments.onPeerActivity();
    if (header === undefined) {
      this.onMessageWithoutHeader(now, from, body);
    } else if (!isOfServer(header) || (header.ack > 0 && !this.onAck(header.ack))) {
      this.onProtocolViolation(now, from);
    } else {
      this.onHeader(now, from, header, body);
    }
  }

  /** The physical call ended, for whatever reason. */
  onClosed(now: number, attachment: Attachment, how: CallClosure): void {
    if (isTerminal(this.state_)) {
      return;
    }
    if (attachment === this.attachments.pending) {
      this.pendingClosed(now, attachment, how);
    } else if (attachment === this.current && attachment.plain) {
      this.current = undefined;
      this.endPlain(how);
    } else if (attachment === this.current) {
      this.currentClosed(now, attachment, how);
    }
  }

  /** Time has passed: due at {@link nextDeadline}, harmless at any other time. */
  onTimeout(now: number): void {
    if (isTerminal(this.state_)) {
      return;
    }
    if (!this.isEnded && isOver(now, this.deadline_)) {
      this.reportEnd(this.endOf('DEADLINE'));
      this.finish();
    } else if (isOver(now, this.lingerUntil)) {
      this.finish();
    } else if (this.attachments.schedule.isHopeless(now)) {
      this.lose(this.resumeRefused ? 'LOST_REFUSED' : 'LOST_UNREACHABLE');
    } else {
      this.attachments.keepAttached(now);
    }
  }

  /** When {@link onTimeout} is due. */
  nextDeadline(): number | undefined {
    const deadlines = new Deadlines();
    if (!isTerminal(this.state_)) {
      if (this.current !== undefined) {
        this.writer.addDeadlines(deadlines, this.current);
        this.inboundFlow.addDeadlines(deadlines, this.current);
      }
      this.attachments.addDeadlines(deadlines);
      deadlines.at(this.lingerUntil);
      deadlines.at(this.isEnded ? undefined : this.deadline_);
    }
    return deadlines.earliest;
  }

  /** The next thing to do; undefined when there is nothing. */
  poll(now: number): SessionOutput | undefined {
    for (;;) {
      const next = this.outputs.shift();
      if (next !== undefined) {
        return next;
      }
      const { current } = this;
      if (current !== undefined && !isTerminal(this.state_) && this.inboundFlow.isDue(now, current)) {
        return { type: 'request', attachment: current };
      }
      const message = this.isEnded ? undefined : this.received.deliver(current?.plain ?? false);
      if (message === undefined) {
        const ready = (): SessionOutput | undefined =>
          !this.isEnded && this.sent.takeReadyAgain() ? { type: 'ready' } : undefined;
        this.attachments.fallBack(now);
        if (this.attachments.handover.isDue && !this.isEnded) {
          this.attachments.handOver(now);
        }
        return this.outputs.shift() ?? this.nextFrame(now) ?? ready();
      }
      if ((message.flags & Flag.FINAL) === 0) {
        return { type: 'deliver', seq: message.seq, body: message.body };
      }
      this.acks.onProcessed(now, this.current);
      this.onFinal(now, message);
    }
  }

  // What the attachments decide with the session.

  transitionTo(next: SessionState): void {
    if (this.state_ === next) {
      return;
    }
    if (!mayBecome(this.state_, next)) {
      throw new Error(`${Buffer.from(this.id).toString('hex')}: ${this.state_} -> ${next}`);
    }
    this.state_ = next;
    if (!isAttached(next)) {
      this.sent.onDetached();
    }
    if (isTerminal(next)) {
      this.sent.clear();
      this.received.clear();
    }
  }

  close(attachment: Attachment, why: CloseReason): void {
    this.outputs.push({ type: 'end-call', attachment, why });
  }

  pendingClosed(now: number, attachment: Attachment, how: CallClosure): void {
    const { plainPeer } = this.attachments;
    if (how.scope === 'unreached') {
      attachment.opening.touched = false;
    }
    const touched = this.attachments.touched || attachment.opening.touched;
    attachment.plain ||= touched && !this.welcomed && plainPeer.isPlainCallsEnd(now, attachment);
    const status = how.scope === 'status' && how.status !== Code.UNAVAILABLE;
    this.resumeRefused = this.welcomed && isTransient(how);
    if (this.welcomed && this.current === undefined && isPermanent(how) && !isTransient(how)) {
      this.lose('LOST_REFUSED');
    } else if (this.isEnded || this.welcomed || !(status || attachment.plain)) {
      this.attachments.attemptFailed(now, 0);
    } else {
      plainPeer.end();
      this.attachments.pending = undefined;
      this.endPlain(how);
    }
  }

  currentClosed(now: number, attachment: Attachment, how: CallClosure): void {
    if (this.isEnded && how.scope === 'status' && how.status !== Code.UNAVAILABLE) {
      this.finish();
      return;
    }
    // An owner that has moved the session has no say in it any more (H9).
    const { isMoved } = this.received;
    if (!isMoved && this.poison.isLimit(attachment, how)) {
      this.giveUp(now, 'LOST_STUCK');
    } else if (!isMoved && (isPermanent(how) || this.oversized.isLimit(how, this.received.received))) {
      this.giveUp(now, 'LOST_REFUSED');
    }
    this.current = undefined;
    if (this.attachments.pending === undefined) {
      this.attachments.detach(now, 0);
    } else {
      this.attachments.schedule.alone(now);
      this.transitionTo('RESUMING');
    }
  }

  onSilence(opening: Attachment, step: FallbackStep): void {
    switch (step) {
      case 'give-up':
        this.finish();
        break;
      case 'write':
        opening.opening.mayWriteBeforeWelcome = true;
        break;
      case 'half-close':
        // All is still held, so that a welcome may come as late as it likes.
        opening.outbound.halfClosed = true;
        opening.opening.touched = true;
        this.sent.onSent(opening.outbound.cursor);
        opening.outbound.cursor++;
        this.outputs.push({ type: 'half-close', attachment: opening });
        break;
      case 'write-on':
        opening.opening.mayExceedInitialCredit = true;
        break;
      case 'plain':
        this.attachments.becomePlain(opening);
    }
  }

  endRequests(opening: Attachment): void {
    opening.outbound.halfClosed = true;
    this.outputs.push({ type: 'half-close', attachment: opening });
  }

  get isSettled(): boolean {
    return this.sent.isFinished && this.sent.held === 0 && this.wantedFlags === 0;
  }

  /** What is told once on each attachment. */
  private get wantedFlags(): number {
    const settled = this.attachments.serverLeaving && !this.isEnded ? Flag.SETTLED : 0;
    return (this.cancels ? Flag.CANCEL : 0) | settled;
  }

  private adopt(now: number, next: Attachment, welcome: Welcome): void {
    const cursor = next.opening.mayWriteBeforeWelcome ? next.outbound.cursor : welcome.watermark + 1;
    this.current = next;
    next.onWelcome(now, Math.max(cursor, this.sent.low));
    this.peerCredit = welcome.credit;
    this.acks.restart();
    this.transitionTo('ATTACHED');
    this.acks.onProcessed(now, next);
  }

  private onHeader(now: number, from: Attachment, header: FrameHeader, body: Uint8Array): void {
    this.peerCredit = Math.max(this.peerCredit, header.credit);
    if ((header.flags & Flag.ECHO) !== 0) {
      this.poison.onEcho(from, header.probe);
    } else if (header.probe !== 0n) {
      from.probes.echoDue = header.probe;
      from.probes.peerProbes = true;
      from.probes.ackRequestedSeq = this.received.received;
    }
    const leaving = (header.flags & Flag.LEAVING) !== 0;
    this.attachments.serverLeaving ||= leaving;
    if ((header.flags & Flag.DRAIN) !== 0 && !leaving) {
      this.attachments.drain(now, from);
    }
    // A final status without a position is none: the buffer refuses it.
    if ((header.seq !== 0 || (header.flags & Flag.FINAL) !== 0) && from === this.current) {
      from.inbound.lastSeq = header.seq;
      const flags = header.flags & (Flag.FINAL | Flag.MOVED);
      this.receive(now, from, { seq: header.seq, body, flags, status: header.status });
    }
  }

  private receive(now: number, from: Attachment, message: SequencedMessage): void {
    if (this.isEnded) {
      return;
    }
    switch (this.received.receive(message)) {
      case 'accepted':
        this.attachments.schedule.onProgress();
        break;
      case 'duplicate':
        // A server that repeats it has missed the ack.
        from.outbound.ackRepeatDue = this.received.processed > 0;
        break;
      case 'gap':
      case 'violation':
        this.onProtocolViolation(now, from);
    }
  }

  private onMessageWithoutHeader(now: number, from: Attachment, body: Uint8Array): void {
    if (!from.plain) {
      this.onProtocolViolation(now, from);
    } else if (!this.isEnded) {
      this.received.acceptNext(body);
      this.attachments.schedule.onProgress();
    }
  }

  /** The attachment is given up, because the server broke the rules. */
  private onProtocolViolation(now: number, attachment: Attachment): void {
    this.close(attachment, 'PROTOCOL_ERROR');
    this.currentClosed(now, attachment, { scope: 'stream', status: Code.UNAVAILABLE });
  }

  private onFinal(now: number, message: SequencedMessage): void {
    if ((message.flags & Flag.MOVED) === 0) {
      this.conclude(now, this.endOf('FINISHED', message.status, message.body));
    } else if (!this.attachments.handover.prepare(message)) {
      this.conclude(now, this.endOf('MOVED'));
    }
  }

  private onAck(upTo: number): boolean {
    const before = this.sent.acked;
    if (!this.sent.ack(upTo)) {
      return false;
    }
    if (this.sent.acked > before) {
      this.attachments.schedule.onProgress();
    }
    return true;
  }

  private nextFrame(now: number): SessionOutput | undefined {
    const to = this.writing();
    if (to === undefined || isTerminal(this.state_)) {
      return undefined;
    }
    if (to.outbound.cursor !== 0) {
      // While the transport was full, the peer may have processed what an older attachment had brought.
      to.outbound.cursor = Math.max(to.outbound.cursor, this.sent.low);
    }
    const next = to.outbound.cursor === 0 || !to.outbound.writable ? undefined : this.sent.at(to.outbound.cursor);
    const sendable = next !== undefined && this.maySend(to, next) ? next : undefined;
    const output = this.writer.next(now, to, sendable, this.wantedFlags);
    if (output !== undefined && to.outbound.halfClosed && to.handshakeComplete) {
      // Its request side is closed: another attachment says it.
      this.attachments.drain(now, to);
      return this.outputs.shift();
    }
    return output;
  }

  /** The current attachment, or one that may be written to before the server has answered. */
  private writing(): Attachment | undefined {
    const { pending } = this.attachments;
    const early = pending?.opening.mayWriteBeforeWelcome || pending?.plain;
    return this.current ?? (early ? pending : undefined);
  }

  private maySend(attachment: Attachment, message: SequencedMessage): boolean {
    if (this.isEnded || this.attachments.serverLeaving || this.attachments.handover.isPending) {
      return false;
    }
    const halfClose = (message.flags & Flag.HALF_CLOSE) !== 0;
    if (attachment.plain || (halfClose && attachment.handshakeComplete)) {
      return true;
    }
    const unproved = attachment.opening.mayExceedInitialCredit && !attachment.handshakeComplete;
    return !halfClose && (unproved || message.seq <= this.peerCredit);
  }

  /** The session can't be kept: told at once, and to the server as a cancel, or it would wait. */
  private giveUp(now: number, why: LossKind): void {
    if (!this.isEnded) {
      this.cancels = true;
      this.reportEnd(this.endOf(why));
      this.lingerUntil = now + this.attachments.schedule.ttl;
    }
  }

  /** The application knows the end; the server is still to hear of it. */
  private conclude(now: number, end: SessionEnd): void {
    this.reportEnd(end);
    const server = this.welcomed || this.attachments.pending !== undefined;
    if (!server || this.current?.plain) {
      this.finish();
      return;
    }
    this.lingerUntil = now + this.attachments.schedule.ttl;
    if (this.current !== undefined) {
      this.current.outbound.ackRepeatDue = this.received.processed > 0;
      this.current.outbound.sparing = false;
    }
  }

  private endPlain(how: CallClosure): void {
    this.reportEnd(this.endOf('PLAIN', how.status));
    this.finish();
  }

  private lose(why: LossKind): void {
    // When nobody takes the session over, the owner before has said exactly what it processed.
    this.reportEnd(this.endOf(this.attachments.handover.isPending ? 'MOVED' : why));
    this.finish();
  }

  private finish(): void {
    this.attachments.closeAll(this.lingerUntil === undefined ? 'UNNEEDED' : 'DONE');
    this.transitionTo(this.end_?.kind.startsWith('LOST') ? 'LOST' : 'CLOSED');
  }

  private reportEnd(end: SessionEnd): void {
    if (this.end_ === undefined) {
      this.end_ = end;
      this.received.clear();
      this.outputs.push({ type: 'ended', end });
    }
  }

  private endOf(kind: SessionEndKind, status = 0, body = EMPTY): SessionEnd {
    return { kind, status, body, processedByPeer: this.sent.acked, processedHere: this.received.processed };
  }
}
