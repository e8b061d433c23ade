import { Flag, type FrameHeader } from '../src/wire/frame-header.js';
import { type Hello, INITIAL_CREDIT, type Welcome } from '../src/wire/handshake.js';

/** What a server says on an attachment. */
export type ServerWord =
  | { readonly welcome: Welcome }
  | { readonly header: FrameHeader; readonly body: Uint8Array }
  | { readonly closed: 'OK' };

interface Reply {
  readonly body: Uint8Array;
  readonly final: boolean;
}

/**
 * A server of one session by docs/duplex-v1.md, which answers each message with the same bytes and the half-close with the final status. It
 * acknowledges with every frame, and says its words in order.
 */
export class ModelServer {
  /** The messages as its application got them. */
  readonly processed: Uint8Array[] = [];
  isOver = false;

  private readonly replies: Reply[] = [];
  private received = 0;
  private acked = 0;
  private attach = 0;
  private tag = 0;
  private headers = 0;
  private cursor = 0;
  private credit = 0;

  /** @param window positions that it lets its client send ahead */
  constructor(private readonly window: number) {}

  /** A call arrived; undefined when it is fenced. */
  onHello(hello: Hello): ServerWord[] | undefined {
    if (hello.attach <= this.attach) {
      return undefined;
    }
    if (hello.watermark > this.replies.length || hello.low > this.received + 1) {
      throw new Error(`gap: ${JSON.stringify(hello)}`);
    }
    this.attach = hello.attach;
    this.tag = hello.tag;
    this.headers = 0;
    this.acked = Math.max(this.acked, hello.watermark);
    this.cursor = hello.watermark;
    this.credit = Math.max(INITIAL_CREDIT, hello.credit);
    const low = this.acked + 1;
    const credit = this.received + this.window;
    const positions = { token: new Uint8Array(32), watermark: this.received, low, credit, ttl: 120_000 };
    const welcome = { ...positions, ackEvery: 4, ackDelay: 20, spread: 0 };
    return [{ welcome }, ...(this.isAcknowledged() ? this.end() : this.send())];
  }

  /** A message arrived on the newest attachment. */
  onMessage(header: FrameHeader | undefined, body: Uint8Array): ServerWord[] {
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
    if (header.ack > this.replies.length) {
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

  private isAcknowledged(): boolean {
    return this.replies.at(-1)?.final === true && this.acked === this.replies.length;
  }

  private end(): ServerWord[] {
    this.isOver = true;
    return [{ closed: 'OK' }];
  }

  private take(seq: number, body: Uint8Array, last: boolean): void {
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
    this.replies.push({ body, final: last });
  }

  private send(): ServerWord[] {
    const words: ServerWord[] = [];
    for (; this.cursor < this.replies.length; this.cursor++) {
      const reply = this.replies[this.cursor];
      if (!reply?.final && this.cursor >= this.credit) {
        break;
      }
      words.push(this.frame(this.cursor + 1, reply?.final ? Flag.FINAL : 0, 0n, reply?.body ?? new Uint8Array(0)));
    }
    return words.length > 0 ? words : [this.frame(0, 0, 0n, new Uint8Array(0))];
  }

  private frame(seq: number, flags: number, probe: bigint, body: Uint8Array): ServerWord {
    const credit = this.received + this.window;
    const header = { tag: this.tag, seq, ack: this.received, credit, flags, low: 0, status: 0, probe };
    return { header, body };
  }
}
