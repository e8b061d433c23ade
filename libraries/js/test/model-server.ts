import { Flag, type FrameHeader } from '../src/wire/frame-header.js';
import { type Hello, INITIAL_CREDIT, type Welcome } from '../src/wire/handshake.js';
import { SessionHandover } from '../src/wire/session-handover.js';
import { handoverBytes } from './handover-session.js';

/** What a server says on an attachment. */
export type ServerWord =
  | { readonly welcome: Welcome }
  | { readonly header: FrameHeader; readonly body: Uint8Array }
  | { readonly closed: 'OK' };

interface Reply {
  readonly body: Uint8Array;
  /** The flags of a last position. */
  readonly flags: number;
}

/**
 * An instance of a server with one session by docs/duplex-v1.md, which answers each message with the same bytes and the half-close with the
 * final status. It acknowledges with every frame, says its words in order, and may hand its session over.
 */
export class ModelServer {
  /** Whether its client has acknowledged its last position. */
  isOver = false;
  isMoved = false;
  /** Whether it was sent a frame, with which a handler begins. */
  isStarted = false;

  private readonly replies: Reply[] = [];
  private received = 0;
  private acked = 0;
  private attach = 0;
  private tag = 0;
  private headers = 0;
  private cursor = 0;
  private credit = 0;

  /**
   * @param index of this instance, which is the first byte of its token
   * @param window positions that it lets its client send ahead
   * @param processed the messages as the application got them, at all instances
   * @param taken the hand-over by which it got the session
   */
  constructor(
    readonly index: number,
    private readonly window: number,
    readonly processed: Uint8Array[],
    private readonly taken: SessionHandover = SessionHandover.OFFER,
  ) {
    this.received = taken.processed;
    this.acked = taken.position;
  }

  /** The last position that it has given to a reply; those of owners before count. */
  private get lastSeq(): number {
    return this.taken.position + this.replies.length;
  }

  /** A call arrived; undefined when it is fenced. */
  onHello(hello: Hello): ServerWord[] | undefined {
    if (hello.attach <= this.attach) {
      return undefined;
    }
    if (hello.watermark > this.lastSeq || hello.low > this.received + 1) {
      throw new Error(`gap: ${JSON.stringify(hello)}`);
    }
    this.attach = hello.attach;
    this.tag = hello.tag;
    this.headers = 0;
    this.acked = Math.max(this.acked, hello.watermark);
    this.cursor = Math.max(hello.watermark, this.taken.position);
    this.credit = Math.max(INITIAL_CREDIT, hello.credit);
    const low = this.acked + 1;
    const credit = this.received + this.window;
    const positions = { token: new Uint8Array(32).fill(this.index), watermark: this.received, low, credit, ttl: 120_000 };
    const welcome = { ...positions, ackEvery: 4, ackDelay: 20, spread: 0 };
    return [{ welcome }, ...(this.isAcknowledged() ? this.end() : this.send())];
  }

  /** A message arrived on the newest attachment. */
  onMessage(header: FrameHeader | undefined, body: Uint8Array): ServerWord[] {
    this.isStarted = true;
    if (header === undefined) {
      if (this.headers > 1) {
        throw new Error('a message without a header after the welcome');
      }
      this.take(this.received + 1, body, false);
      return this.send();
    }
    this.headers++;
    if (header.tag !== this.tag) {
      throw new Error(`tag: ${header.tag} (expected: ${this.tag})`);
    }
    if (header.ack > this.lastSeq) {
      throw new Error(`ack of what was never sent: ${header.ack}`);
    }
    this.acked = Math.max(this.acked, header.ack);
    this.credit = Math.max(this.credit, header.credit);
    if (header.seq > 0) {
      this.take(header.seq, body, (header.flags & Flag.HALF_CLOSE) !== 0);
    }
    if (this.isAcknowledged()) {
      return this.end();
    }
    const asked = header.probe !== 0n && (header.flags & Flag.ECHO) === 0;
    return [...this.send(), ...(asked ? [this.frame(0, Flag.ECHO, header.probe, new Uint8Array(0))] : [])];
  }

  /** Whether its last position was given to the end of a handler. */
  get isEnded(): boolean {
    return (this.replies.at(-1)?.flags ?? 0) !== 0;
  }

  /** Hands the session over: what comes from now on is for the next owner. */
  leave(): ServerWord[] {
    this.isMoved = true;
    const moves = this.taken.moves + 1;
    const body = handoverBytes({ position: this.lastSeq + 1, processed: this.received, moves, cursor: Uint8Array.of(moves) });
    this.replies.push({ body, flags: Flag.FINAL | Flag.MOVED });
    return this.send();
  }

  private isAcknowledged(): boolean {
    return this.isEnded && this.acked === this.lastSeq;
  }

  private end(): ServerWord[] {
    this.isOver = true;
    return [{ closed: 'OK' }];
  }

  private take(seq: number, body: Uint8Array, last: boolean): void {
    if (this.isMoved) {
      return;
    }
    if (seq > this.received + 1) {
      throw new Error(`gap: ${seq} after ${this.received}`);
    }
    if (seq <= this.received) {
      return;
    }
    if (!last && seq > this.received + this.window) {
      throw new Error(`above the credit: ${seq}`);
    }
    this.received = seq;
    if (!last) {
      this.processed.push(body);
    }
    this.replies.push({ body, flags: last ? Flag.FINAL : 0 });
  }

  private send(): ServerWord[] {
    const words: ServerWord[] = [];
    for (; this.cursor < this.lastSeq; this.cursor++) {
      const reply = this.replies[this.cursor - this.taken.position];
      if (reply === undefined || (reply.flags === 0 && this.cursor >= this.credit)) {
        break;
      }
      words.push(this.frame(this.cursor + 1, reply.flags, 0n, reply.body));
    }
    return words.length > 0 ? words : [this.frame(0, 0, 0n, new Uint8Array(0))];
  }

  private frame(seq: number, flags: number, probe: bigint, body: Uint8Array): ServerWord {
    const credit = this.received + this.window;
    const header = { tag: this.tag, seq, ack: this.received, credit, flags, low: 0, status: 0, probe };
    return { header, body };
  }
}
