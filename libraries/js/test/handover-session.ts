import assert from 'node:assert/strict';
import type { Attachment } from '../src/session/attachment.js';
import { BufferBudget } from '../src/session/buffer-budget.js';
import { ClientSession } from '../src/session/client-session.js';
import { sessionOptions } from '../src/session/options.js';
import { CONNECTION_LOST, type CallClosure, type SessionOutput } from '../src/session/outputs.js';
import type { MethodKind } from '../src/session/plain-peer.js';
import { FieldWriter } from '../src/wire/fields.js';
import { Flag, type FrameHeader } from '../src/wire/frame-header.js';
import type { RefusalCode, Welcome } from '../src/wire/handshake.js';

/** The fields of a hand-over, as the table of docs/duplex-v1.md has them. */
export interface HandoverTable {
  position: number;
  processed?: number;
  moves?: number;
  halfClosed?: boolean;
  replays?: number;
  cursor?: Uint8Array;
  seal?: Uint8Array;
}

export function handoverBytes(of: HandoverTable): Uint8Array {
  return new FieldWriter()
    .varint(1, 1)
    .varint(2, of.position)
    .varint(3, of.processed ?? 0)
    .varint(4, of.moves ?? 1)
    .varint(5, of.halfClosed ? 1 : 0)
    .varint(6, of.replays ?? 0)
    .data(7, of.cursor ?? new Uint8Array(0))
    .data(8, of.seal ?? new Uint8Array(32).fill(9))
    .toBytes();
}

export const OLD_TOKEN = new Uint8Array(32).fill(1);
export const NEXT_TOKEN = new Uint8Array(32).fill(2);
const EMPTY: Uint8Array = new Uint8Array(0);

type Output<T extends SessionOutput['type']> = Extract<SessionOutput, { type: T }>;

/** A client session in virtual time, whose servers the test plays. Its delays are all of the most that they may be. */
export class PlayedSession {
  now = 0;
  readonly session: ClientSession;
  readonly outputs: SessionOutput[] = [];
  /** Whether its application processes each message at once. */
  processes = true;

  /** @param demand messages that its application asks for at the start */
  constructor(kind: MethodKind = 'bidirectional', { demand = 1_000, remainingMillis = 0 } = {}) {
    let tags = 0;
    const random = { tag: () => ++tags, delay: (most: number) => most };
    this.session = new ClientSession(new Uint8Array(16).fill(7), sessionOptions(), random, new BufferBudget());
    this.session.request(demand);
    this.session.start(0, remainingMillis, 'holdfast', kind);
    this.drive();
  }

  /** Welcomed by its first owner, with one message sent by each side, and processed. */
  static talking(remainingMillis = 0): PlayedSession {
    const played = new PlayedSession('bidirectional', { remainingMillis });
    played.welcome({});
    played.offer(1);
    played.frame(played.newest, { seq: 1, ack: 1 }, Uint8Array.of(1));
    return played;
  }

  /** A server-streaming call whose request was taken, on an attachment whose request side is open. */
  static listing(messages: number, request: Uint8Array = Uint8Array.of(5), restarts = false): PlayedSession {
    const played = new PlayedSession('server-streaming');
    if (restarts) {
      played.session.acceptRestart();
    }
    assert.ok(played.session.offer(request));
    played.session.halfClose();
    played.drive();
    played.welcome({});
    for (let seq = 1; seq <= messages; seq++) {
      played.frame(played.newest, { seq, ack: 2 }, Uint8Array.of(seq));
    }
    if (messages === 0) {
      played.frame(played.newest, { ack: 2 });
    }
    return played;
  }

  get newest(): Attachment {
    return this.opened.attachment;
  }

  get opened(): Output<'start-call'> {
    const opened = this.all('start-call').at(-1);
    assert.ok(opened);
    return opened;
  }

  all<T extends SessionOutput['type']>(type: T): Output<T>[] {
    return this.outputs.filter((output): output is Output<T> => output.type === type);
  }

  /** The headers of the frames on an attachment; of a message without one nothing. */
  sentOn(attachment: Attachment): (FrameHeader | undefined)[] {
    return this.all('send').flatMap((send) => (send.attachment === attachment ? [send.header] : []));
  }

  /** The positions of the messages on an attachment. */
  positionsOn(attachment: Attachment): number[] {
    return this.sentOn(attachment).flatMap((header) => (header !== undefined && header.seq > 0 ? [header.seq] : []));
  }

  offer(...bodies: number[]): void {
    for (const body of bodies) {
      assert.ok(this.session.offer(Uint8Array.of(body)));
    }
    this.drive();
  }

  welcome(fields: Partial<Welcome>, attachment = this.newest): void {
    const usual = { token: OLD_TOKEN, watermark: 0, low: 1, credit: 256, ttl: 60_000, ackEvery: 1, ackDelay: 1, spread: 0 };
    this.session.onWelcome(this.now, attachment, { ...usual, ...fields });
    this.drive();
  }

  frame(attachment: Attachment, fields: Partial<FrameHeader>, body: Uint8Array = EMPTY): void {
    const header = { tag: attachment.tag, seq: 0, ack: 0, credit: 0, flags: 0, low: 0, status: 0, probe: 0n, ...fields };
    this.session.onFrame(this.now, attachment, header, body);
    this.drive();
  }

  /** The last frame of an owner that leaves, with a hand-over or other bytes. */
  final(attachment: Attachment, seq: number, ack: number, body: Uint8Array): void {
    this.frame(attachment, { seq, ack, flags: Flag.FINAL | Flag.MOVED, status: 14 }, body);
  }

  handOver(table: HandoverTable, ack = table.processed ?? 0): Uint8Array {
    const bytes = handoverBytes(table);
    this.final(this.newest, table.position, ack, bytes);
    return bytes;
  }

  refuse(code: RefusalCode, attachment = this.newest): void {
    this.session.onRefused(this.now, attachment, { code, address: '', retryAfter: code === 'BUSY' ? 100 : 0, processed: 0 });
    this.drive();
  }

  cut(attachment = this.newest): void {
    this.session.onClosed(this.now, attachment, CONNECTION_LOST);
    this.drive();
  }

  close(attachment: Attachment, how: CallClosure): void {
    this.session.onClosed(this.now, attachment, how);
    this.drive();
  }

  /** Until the session has begun another attachment. */
  awaitNext(): void {
    const before = this.all('start-call').length;
    this.awaitUntil(() => this.all('start-call').length > before);
  }

  awaitUntil(holds: () => boolean): void {
    for (let i = 0; !holds(); i++) {
      const due = this.session.nextDeadline();
      assert.ok(due !== undefined && i < 1_000, 'nothing is due');
      this.pass(Math.max(0, due - this.now));
    }
  }

  pass(millis: number): void {
    this.now += millis;
    this.session.onTimeout(this.now);
    this.drive();
  }

  drive(): void {
    for (let out = this.session.poll(this.now); out !== undefined; out = this.session.poll(this.now)) {
      this.outputs.push(out);
      if (out.type === 'deliver' && this.processes) {
        this.session.processed(this.now, out.seq);
      }
    }
  }
}
