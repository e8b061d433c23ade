import { Flag } from '../wire/frame-header.js';
import { INITIAL_CREDIT } from '../wire/handshake.js';
import type { Attachment } from './attachment.js';
import type { Deadlines } from './deadlines.js';
import type { SessionOptions } from './options.js';
import type { SendBuffer } from './send-buffer.js';

/**
 * What is known of the server before the first attachment, from earlier sessions of its channel, and of the same method when it is not
 * bidirectional.
 */
export type Peer = 'unknown' | 'holdfast' | 'likely-plain';

/**
 * The cardinality of a method, as the application sees it. The wire does not carry it: it decides what a client says before it knows
 * whether its server has sessions, because one without them may answer only when it has heard everything.
 */
export type MethodKind = 'bidirectional' | 'server-streaming' | 'client-streaming';

/** What is done after a time of silence. */
export type FallbackStep =
  /** Give up: the application is done, and nobody has to be told. */
  | 'give-up'
  /** Write before the welcome, although the first message was to wait for it. */
  | 'write'
  /** Half-close the request side, with nothing else left to send. */
  | 'half-close'
  /** Write beyond the initial credit, and keep everything. */
  | 'write-on'
  /** Take the server for one without sessions. */
  | 'plain';

/**
 * The steps by which a client decides whether a silent server has sessions. One without sessions may send nothing until it gets
 * messages for which one with sessions would not have to wait. In a method in one direction the steps are taken at once, unless the
 * same method has found sessions before.
 */
export class PlainPeerDetector {
  private doubted = false;
  private peer: Peer = 'holdfast';
  private kind: MethodKind = 'bidirectional';

  constructor(private readonly options: SessionOptions) {}

  begin(peer: Peer, kind: MethodKind): void {
    this.peer = peer;
    this.kind = kind;
    // An instance without the method's sessions may stand beside those with them, and would wait for ever.
    const mayDiffer = this.isOneDirection && this.options.firstMessage === 'at-once';
    this.doubted = peer !== 'holdfast' || mayDiffer;
  }

  /** The server has shown that it knows sessions. */
  end(): void {
    this.doubted = false;
  }

  get mayBePlain(): boolean {
    return this.doubted;
  }

  /** A plain server's headers may come with its first message, whenever that is. */
  mayStaySilent(opening: Attachment): boolean {
    return opening.plain || (opening.opening.first && this.doubted);
  }

  /**
   * Whether the end of an attachment that nobody answered is that of a plain server's call: such a server answers a method in one
   * direction late, one with sessions at once.
   */
  isPlainCallsEnd(now: number, opening: Attachment): boolean {
    const { handshakeMillis, assumePlainMillis } = this.options;
    const silence = this.peer === 'holdfast' ? handshakeMillis : assumePlainMillis;
    return this.doubted && this.isOneDirection && (this.isLikely || isSilent(now, opening, silence));
  }

  /** The next step if the server of a first attachment stays silent. */
  next(opening: Attachment, sent: SendBuffer, ended: boolean): FallbackStep | undefined {
    if (!opening.opening.first || !this.doubted || opening.plain) {
      return undefined;
    }
    if (ended) {
      return 'give-up';
    }
    if (opening.outbound.halfClosed) {
      return undefined;
    }
    if (!opening.opening.mayWriteBeforeWelcome) {
      return sent.end > 0 ? 'write' : undefined;
    }
    const waiting = sent.at(opening.outbound.cursor);
    if (waiting !== undefined && (waiting.flags & Flag.HALF_CLOSE) !== 0) {
      return 'half-close';
    }
    if (!opening.opening.mayExceedInitialCredit) {
      const held = waiting !== undefined && opening.outbound.cursor > INITIAL_CREDIT;
      return held || !sent.isReady() ? 'write-on' : undefined;
    }
    return waiting === undefined && !sent.isReady() ? 'plain' : undefined;
  }

  /** Whether it is time for a step. */
  isDue(now: number, opening: Attachment, step: FallbackStep): boolean {
    const patience = this.patience(step);
    if (patience === 0) {
      return true;
    }
    return step === 'give-up' ? now - opening.openedAt >= patience : isSilent(now, opening, patience);
  }

  /** When `isDue` may be true. */
  addDeadlines(deadlines: Deadlines, opening: Attachment, step: FallbackStep): void {
    const patience = this.patience(step);
    if (step === 'give-up' || patience === 0) {
      deadlines.after(opening.openedAt, patience);
    } else if (!opening.opening.helloUnsent) {
      deadlines.after(opening.opening.silentSince, patience);
    }
  }

  /** The time of silence before a step; 0 for none. */
  private patience(step: FallbackStep): number {
    const { assumePlainMillis, handshakeMillis } = this.options;
    switch (step) {
      case 'write':
        return assumePlainMillis;
      case 'give-up':
        return this.isOneDirection && this.isLikely ? 0 : assumePlainMillis;
      case 'half-close':
        return this.endsRequestsAtOnce ? 0 : assumePlainMillis;
      case 'write-on':
        return this.kind === 'client-streaming' ? 0 : assumePlainMillis;
      case 'plain': {
        if (this.kind === 'client-streaming' && this.isLikely) {
          return 0;
        }
        // A welcome that takes longer than any handshake may is not waited for.
        const awaited = this.isOneDirection ? this.peer === 'holdfast' : !this.isLikely;
        return awaited ? Math.max(handshakeMillis, assumePlainMillis) : assumePlainMillis;
      }
    }
  }

  /**
   * Whether the half-close follows the last message. A server-streaming call keeps its request side open where sessions are expected, for
   * acks; a client-streaming one has one answer to acknowledge, which another attachment can do.
   */
  private get endsRequestsAtOnce(): boolean {
    return this.kind === 'client-streaming' || (this.kind === 'server-streaming' && this.peer !== 'holdfast');
  }

  private get isOneDirection(): boolean {
    return this.kind !== 'bidirectional';
  }

  private get isLikely(): boolean {
    return this.peer === 'likely-plain';
  }
}

/** While a call waits for a connection, its silence says nothing of a server. */
function isSilent(now: number, opening: Attachment, silence: number): boolean {
  return !opening.opening.helloUnsent && now - opening.opening.silentSince >= silence;
}
