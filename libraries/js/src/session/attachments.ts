import { MAX_MILLIS, NO_TOKEN, type Hello } from '../wire/handshake.js';
import type { Attachment } from './attachment.js';
import { AttachmentSchedule, type SessionRandom } from './attachment-schedule.js';
import { ClientHandover } from './client-handover.js';
import { type Deadlines, isOver } from './deadlines.js';
import { HalfDuplexPath } from './half-duplex-path.js';
import type { InboundFlow } from './inbound-flow.js';
import type { SessionOptions } from './options.js';
import { CONNECTION_LOST, type CallClosure, type CloseReason, type SessionOutput } from './outputs.js';
import { type FallbackStep, type MethodKind, type Peer, PlainPeerDetector } from './plain-peer.js';
import type { ReceiveBuffer } from './receive-buffer.js';
import type { SendBuffer } from './send-buffer.js';
import type { SessionState } from './session-state.js';

/** The part of a session that its attachments read and change. */
export interface AttachedSession {
  readonly id: Uint8Array;
  readonly options: SessionOptions;
  readonly sent: SendBuffer;
  readonly received: ReceiveBuffer;
  readonly inboundFlow: InboundFlow;
  readonly outputs: SessionOutput[];
  readonly state: SessionState;
  /** The attachment that carries the session, or did so last until it is known to be gone. */
  current: Attachment | undefined;
  readonly deadline: number | undefined;
  readonly isEnded: boolean;
  /** Whether nothing is left to send: neither a message that is not acknowledged, nor anything that is told once. */
  readonly isSettled: boolean;
  transitionTo(next: SessionState): void;
  close(attachment: Attachment, why: CloseReason): void;
  /** An attachment that nobody answered ended. */
  pendingClosed(now: number, attachment: Attachment, how: CallClosure): void;
  /** The attachment that carried the session ended. */
  currentClosed(now: number, attachment: Attachment, how: CallClosure): void;
  /** Nobody has answered the first attachment for a while. */
  onSilence(opening: Attachment, step: FallbackStep): void;
  /** Nobody answers an attachment of a half-duplex path before its request side ends. */
  endRequests(opening: Attachment): void;
}

/** The attachments of a session: opened, suspected, raced, replaced and given up. */
export class Attachments {
  readonly schedule: AttachmentSchedule;
  readonly plainPeer: PlainPeerDetector;
  readonly handover: ClientHandover;
  private readonly halfDuplex = new HalfDuplexPath();
  /** Begun and not answered; it may write before the answer only when it is the first. */
  pending: Attachment | undefined;
  /** Whether an attachment that nobody answered may have brought messages to a server. */
  touched = false;
  /** The token of the last welcome; empty before the first one. */
  token: Uint8Array = NO_TOKEN;
  /** Whether the server's instance ends, and with it the session. */
  serverLeaving = false;

  private touchedBy = 0;
  private startedAt = 0;
  private attachedAt = 0;
  private suspectAt = 0;
  /** Whether the application knows that there is no attachment. */
  private waitReported = false;

  constructor(
    private readonly session: AttachedSession,
    random: SessionRandom,
  ) {
    this.schedule = new AttachmentSchedule(session.options, random);
    this.plainPeer = new PlainPeerDetector(session.options);
    this.handover = new ClientHandover(session.sent, session.received);
  }

  /** Starts the first attachment of the session. */
  openFirst(now: number, peer: Peer, kind: MethodKind): void {
    this.startedAt = now;
    this.plainPeer.begin(peer, kind);
    this.halfDuplex.begin(kind);
    this.session.transitionTo('OPENING');
    this.open(now);
  }

  /** Begins an attachment, which is pending until it is answered. */
  open(now: number): void {
    const { session } = this;
    const next = this.schedule.next(now);
    this.pending = next;
    const untouched = !this.touched && this.token.length === 0 && !session.isEnded;
    // One before that came to no server was none.
    next.opening.first = untouched && (next.number === 1 || this.plainPeer.mayBePlain);
    if (next.opening.first) {
      next.opening.mayWriteBeforeWelcome = session.options.firstMessage === 'at-once';
      next.outbound.cursor = session.sent.low;
    }
    // Some server may have got a message, and none has welcomed the session.
    const unanswered = this.touched && !this.comesBack;
    const hello: Hello = {
      session: session.id,
      attach: next.number,
      tag: next.tag,
      watermark: session.received.processed,
      low: this.handover.low,
      credit: session.received.credit(),
      remaining: this.remaining(now),
      untouched: !this.touched,
      token: this.token,
      age: unanswered ? this.age(now) : 0,
      touchedBy: unanswered ? this.touchedBy : 0,
    };
    next.outbound.sentCredit = hello.credit;
    next.outbound.sentAck = hello.watermark;
    const { shown } = this.handover;
    session.outputs.push({ type: 'start-call', attachment: next, hello, address: this.schedule.address, handover: shown });
  }

  /** The pending attachment was answered and carries the session from now on. */
  onAttached(now: number): void {
    if (this.pending !== undefined) {
      this.halfDuplex.onAnswered(now, this.pending, this.session.isEnded);
    }
    this.pending = undefined;
    this.attachedAt = now;
    if (this.waitReported) {
      this.waitReported = false;
      this.session.outputs.push({ type: 'resumed' });
    }
  }

  /** The call of a resume waits for its turn among those of other sessions. */
  onResumeQueued(attachment: Attachment): void {
    attachment.opening.queued = this.comesBack;
  }

  /** The call waits for a connection. */
  onHelloUnsent(attachment: Attachment): void {
    attachment.opening.helloUnsent = true;
  }

  /** The call of a resume begins, or has its connection: from now on an answer can be awaited. */
  onHelloSent(now: number, attachment: Attachment): void {
    attachment.opening.helloUnsent = false;
    attachment.opening.silentSince = now;
    attachment.opening.queued = false;
    if (this.comesBack) {
      attachment.opening.helloSentAt = now;
    }
  }

  /** A server has welcomed another session that went the same way. */
  onReachable(now: number): void {
    if (this.session.state === 'DETACHED') {
      this.schedule.bringForward(now);
      this.keepAttached(now);
    }
  }

  /** Goes to another owner; the attachment of the one before is kept for its ack, as far as it can still be reached. */
  handOver(now: number): void {
    const { session } = this;
    if (session.current !== undefined) {
      session.current.outbound.ackRepeatDue = true;
      session.current.outbound.sparing = false;
    }
    this.handover.begin();
    this.token = NO_TOKEN;
    this.serverLeaving = false;
    if (this.pending !== undefined) {
      session.close(this.pending, 'UNNEEDED');
      this.attemptFailed(now, 0);
    }
    if (session.state === 'ATTACHED' || session.state === 'SUSPECT') {
      session.transitionTo('DRAIN');
    }
    this.schedule.beginElsewhere(now);
    this.keepAttached(now);
  }

  /**
   * A server has welcomed the session, which takes over what was handed over. Returns how the attachment before ends: a reset may overtake
   * the ack for which the owner before waits.
   */
  onTaken(by: Attachment): CloseReason {
    const taken = this.handover.finish();
    if (taken === undefined) {
      return 'REPLACED';
    }
    if (taken.restarts && taken.messages > 0 && !this.session.isEnded) {
      this.session.outputs.push({ type: 'restarted', messages: taken.messages });
    }
    // The owner before may have said so after it had handed the session over.
    this.serverLeaving = false;
    // The handler starts with the first frame.
    by.probes.probeDue = true;
    return 'DONE';
  }

  /** Something came from the server. */
  onPeerActivity(): void {
    const { session } = this;
    if (session.state === 'SUSPECT' || session.state === 'RACING') {
      if (this.pending !== undefined) {
        session.close(this.pending, 'UNNEEDED');
        this.pending = undefined;
      }
      session.transitionTo('ATTACHED');
    }
  }

  /** An attachment that works is to be replaced before it ends. */
  drain(now: number, attachment: Attachment): void {
    const { session } = this;
    if (attachment === session.current && (session.state === 'ATTACHED' || session.state === 'SUSPECT')) {
      session.transitionTo('DRAIN');
      this.schedule.soon(now);
      this.keepAttached(now);
    }
  }

  /** The pending attachment came to nothing. */
  attemptFailed(now: number, atLeast: number): void {
    if (this.pending?.opening.touched) {
      this.touched = true;
      this.touchedBy = this.pending.number;
    }
    this.pending = undefined;
    this.halfDuplex.onFailed();
    this.schedule.onFailed();
    switch (this.session.state) {
      case 'RACING':
        this.session.transitionTo('SUSPECT');
        this.suspectAt = now + this.schedule.nextDelay();
        break;
      case 'HANDOVER':
        this.session.transitionTo('DRAIN');
        this.schedule.later(now, atLeast);
        break;
      default:
        this.detach(now, atLeast);
    }
  }

  /** No attachment is left; the next one is tried after a delay. */
  detach(now: number, atLeast: number): void {
    this.schedule.alone(now);
    this.session.transitionTo('DETACHED');
    this.schedule.later(now, atLeast);
  }

  /** The server knows no sessions: what was written to it is let go. */
  becomePlain(attachment: Attachment): void {
    attachment.plain = true;
    attachment.outbound.cursor = Math.max(attachment.outbound.cursor, this.session.sent.low);
    this.session.sent.release(attachment.outbound.cursor - 1);
  }

  closeAll(why: CloseReason): void {
    const { session } = this;
    if (session.current !== undefined) {
      session.close(session.current, why);
    }
    if (this.pending !== undefined) {
      session.close(this.pending, 'UNNEEDED');
    }
    session.current = undefined;
    this.pending = undefined;
  }

  /** Does what is due of opening, replacing and giving up. */
  keepAttached(now: number): void {
    const { session } = this;
    if (!this.waitReported && !session.isEnded && this.schedule.isWaiting(now)) {
      this.waitReported = true;
      session.outputs.push({ type: 'waiting', leftMillis: this.schedule.left(now) });
    }
    if (this.pending !== undefined) {
      this.awaitAnswer(now, this.pending);
    }
    const carrying = session.current;
    if (carrying?.handshakeComplete) {
      this.watchSilence(now, carrying);
      if (session.current === carrying && session.inboundFlow.isHeldUp(now, carrying)) {
        this.drain(now, carrying);
      }
    }
    if (this.pending === undefined && this.schedule.isDue(now)) {
      session.transitionTo(session.state === 'DRAIN' ? 'HANDOVER' : 'RESUMING');
      this.open(now);
    }
  }

  addDeadlines(deadlines: Deadlines): void {
    const { session, pending } = this;
    const { suspectMillis, raceMillis, deadMillis, rotateMillis } = session.options;
    this.schedule.addDeadlines(deadlines, pending !== undefined, this.waitReported || session.isEnded);
    if (pending !== undefined) {
      if (this.mustBeAnswered(pending)) {
        deadlines.after(pending.opening.helloSentAt, this.schedule.handshake);
      }
      const step = this.plainPeer.next(pending, session.sent, session.isEnded);
      if (step !== undefined) {
        this.plainPeer.addDeadlines(deadlines, pending, step);
      }
      if (this.isHalfDuplexPossible(pending)) {
        deadlines.after(pending.opening.helloSentAt, session.options.assumePlainMillis);
      }
    }
    const { current } = session;
    if (!current?.handshakeComplete) {
      return;
    }
    const heardAt = current.inbound.paused ? undefined : current.inbound.heardAt;
    if (session.state === 'ATTACHED') {
      deadlines.after(this.attachedAt, rotateMillis);
      if (heardAt !== undefined) {
        deadlines.after(heardAt, suspectMillis);
      }
    } else if (session.state === 'SUSPECT') {
      deadlines.after(this.suspectAt, raceMillis);
    }
    if (heardAt !== undefined && this.mayBeDead()) {
      deadlines.after(heardAt, deadMillis);
    }
  }

  private awaitAnswer(now: number, opening: Attachment): void {
    const { session } = this;
    if (this.mustBeAnswered(opening) && now >= opening.opening.helloSentAt + this.schedule.handshake) {
      session.close(opening, 'SILENT');
      if (this.comesBack) {
        this.schedule.onSilence();
      }
      session.pendingClosed(now, opening, CONNECTION_LOST);
      return;
    }
    this.fallBack(now);
  }

  /** Takes the step that is due while a first attachment is not answered; there may be none. */
  fallBack(now: number): void {
    const { session, pending: opening } = this;
    if (opening === undefined) {
      return;
    }
    const step = this.plainPeer.next(opening, session.sent, session.isEnded);
    if (step !== undefined && this.plainPeer.isDue(now, opening, step)) {
      session.onSilence(opening, step);
    }
    if (this.pending === opening && this.isHalfDuplexPossible(opening)) {
      const silentAt = opening.opening.helloSentAt + session.options.assumePlainMillis;
      if (this.halfDuplex.isProved(now) || now >= silentAt) {
        session.endRequests(opening);
      }
    }
  }

  private isHalfDuplexPossible(opening: Attachment): boolean {
    const { session } = this;
    // The next owner of a session may get the request again, for which the request side stays open.
    const goesOn = !this.handover.hasBegun && session.state !== 'RACING';
    return goesOn && this.halfDuplex.mayHelp(opening) && session.isSettled;
  }

  /** Whether a server has welcomed this session, and maybe handed it over since. */
  private get comesBack(): boolean {
    return this.token.length > 0 || this.handover.hasBegun;
  }

  private mustBeAnswered(opening: Attachment): boolean {
    return !opening.opening.queued && !this.plainPeer.mayStaySilent(opening);
  }

  private watchSilence(now: number, carrying: Attachment): void {
    const { session } = this;
    const { suspectMillis, raceMillis, deadMillis, rotateMillis } = session.options;
    if (session.state === 'ATTACHED') {
      if (carrying.isSilent(now, suspectMillis)) {
        session.transitionTo('SUSPECT');
        this.suspectAt = now;
        carrying.probes.probeDue = true;
      } else if (rotateMillis > 0 && now >= this.attachedAt + rotateMillis) {
        this.drain(now, carrying);
      }
    } else if (session.state === 'SUSPECT' && isOver(now, this.suspectAt + raceMillis)) {
      session.transitionTo('RACING');
      this.open(now);
    }
    if (this.mayBeDead() && carrying.isSilent(now, deadMillis)) {
      session.close(carrying, 'SILENT');
      session.currentClosed(now, carrying, CONNECTION_LOST);
    }
  }

  /** A healthy attachment is suspected first, and one without heartbeats may be silent for ever. */
  private mayBeDead(): boolean {
    const { state, options } = this.session;
    const replaced = state === 'DRAIN' || state === 'HANDOVER';
    return state === 'SUSPECT' || state === 'RACING' || (replaced && options.suspectMillis > 0);
  }

  private age(now: number): number {
    return Math.min(Math.floor(now - this.startedAt + this.session.options.handshakeMillis), MAX_MILLIS);
  }

  /** A deadline that is too far away for a hello is said by a later one. */
  private remaining(now: number): number {
    if (this.session.deadline === undefined) {
      return 0;
    }
    const millis = Math.max(1, Math.floor(this.session.deadline - now));
    return millis > MAX_MILLIS ? 0 : millis;
  }
}
