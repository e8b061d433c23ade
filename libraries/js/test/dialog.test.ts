import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attachment } from '../src/session/attachment.js';
import type { SessionRandom } from '../src/session/attachment-schedule.js';
import { BufferBudget } from '../src/session/buffer-budget.js';
import { ClientSession } from '../src/session/client-session.js';
import { type SessionOptions, sessionOptions } from '../src/session/options.js';
import { CONNECTION_LOST, type SessionOutput } from '../src/session/outputs.js';
import { readFrame, writeFrame } from '../src/wire/frame-header.js';
import { readHello, readWelcome, writeHello } from '../src/wire/handshake.js';
import { hex, unhex, vectors } from './vectors.js';

/** A step of a dialog, as docs/duplex-v1.md has it. */
interface Step {
  ms: number;
  from: 'client' | 'server' | 'network' | 'application' | 'process';
  what: string;
  attachment: number;
  bytes?: string;
  filler?: { byte: string; size: number };
  hello?: { tag: number; remaining: number };
  how?: string;
  end?: string;
  messages?: number;
}

const SESSION = unhex('0123456789abcdef1122334455667788');
/** What the vectors' random delays were, as far as they matter: until the next step of the client. */
const BETWEEN = 0.5;

/** Plays the steps of everybody else to a client session, and expects the steps of the client. */
class Dialog {
  private readonly steps: Step[];
  private readonly attachments: Attachment[] = [];
  private readonly budget = new BufferBudget(256 * 1024 * 1024);
  private readonly said: Step[] = [];
  private readonly session: ClientSession;
  private now = 0;

  constructor(
    name: string,
    options: Partial<SessionOptions>,
    private readonly showsReads: boolean,
  ) {
    this.steps = vectors<{ steps: Step[] }>(name).steps;
    const hellos = this.steps.flatMap(({ hello }) => hello ?? []);
    let tags = 0;
    const random: SessionRandom = {
      tag: () => hellos[tags++]?.tag ?? 0,
      delay: (most) => (most === 0 ? 0 : this.untilNextHello()),
    };
    this.session = new ClientSession(SESSION, sessionOptions(options), random, this.budget);
  }

  play(demand: number): void {
    this.session.request(demand);
    this.session.start(0, this.steps.find(({ hello }) => hello)?.hello?.remaining ?? 0, 'holdfast');
    // The application's first message is offered before the session says anything.
    this.steps.forEach((step, index) => {
      if (step.from === 'client') {
        this.timeTo(step.ms);
        assert.deepEqual(this.said.shift(), step, `step ${index}`);
      } else {
        assert.deepEqual(this.said, [], `before step ${index}`);
        this.timeTo(step.ms);
        this.apply(step);
        this.drive();
      }
    });
    assert.deepEqual(this.said, []);
  }

  private timeTo(ms: number): void {
    if (this.said.length > 0 || ms <= Math.floor(this.now)) {
      if (this.said.length === 0) {
        this.drive();
      }
      return;
    }
    while (this.said.length === 0 && Math.floor(this.now) < ms) {
      this.now = Math.min(this.session.nextDeadline() ?? ms, ms + BETWEEN);
      this.session.onTimeout(this.now);
      this.drive();
    }
  }

  private untilNextHello(): number {
    const next = this.steps.find(({ hello, attachment }) => hello !== undefined && attachment > this.attachments.length);
    return next === undefined ? 60_000 : next.ms + BETWEEN - this.now;
  }

  private apply(step: Step): void {
    const attachment = this.attachments[step.attachment - 1];
    const bytes = Buffer.concat([
      unhex(step.bytes ?? ''),
      step.filler === undefined ? Buffer.alloc(0) : Buffer.alloc(step.filler.size, unhex(step.filler.byte)),
    ]);
    switch (`${step.from} ${step.what}`) {
      case 'application message':
        assert.ok(this.session.offer(bytes));
        break;
      case 'application half-close':
        this.session.halfClose();
        break;
      case 'application takes':
        this.session.request(step.messages ?? 0);
        break;
      case 'process buffers full':
        this.budget.take(256 * 1024 * 1024);
        break;
      case 'process buffers free':
        this.budget.take(-256 * 1024 * 1024);
        break;
      default:
        assert.ok(attachment);
        this.applyTo(attachment, step, bytes);
    }
  }

  private applyTo(attachment: Attachment, step: Step, bytes: Buffer): void {
    switch (`${step.from} ${step.what}`) {
      case 'server welcome':
        this.session.onWelcome(this.now, attachment, readWelcome(bytes));
        break;
      case 'server message': {
        const frame = readFrame(bytes);
        assert.equal(frame?.header.tag, attachment.tag);
        this.session.onFrame(this.now, attachment, frame.header, frame.body);
        break;
      }
      case 'server close':
        this.session.onClosed(this.now, attachment, { scope: 'status', status: 0 });
        break;
      case 'network cut':
        this.session.onClosed(this.now, attachment, CONNECTION_LOST);
        break;
      default:
        assert.fail(`unknown step: ${step.from} ${step.what}`);
    }
  }

  private drive(): void {
    for (let out = this.session.poll(this.now); out !== undefined; out = this.session.poll(this.now)) {
      if (out.type === 'deliver') {
        this.session.processed(this.now, out.seq);
      } else {
        this.say(out);
      }
    }
  }

  /** Finds the step that the vectors have for an output, so that a mismatch shows what was said instead. */
  private say(out: SessionOutput): void {
    const ms = Math.floor(this.now);
    const from = 'client';
    switch (out.type) {
      case 'start-call': {
        this.attachments.push(out.attachment);
        const bytes = hex(writeHello(out.hello));
        const given = this.steps.find((step) => step.bytes === bytes);
        assert.ok(given, `hello: ${JSON.stringify(readHello(unhex(bytes)))}`);
        this.said.push({ ...given, ms });
        break;
      }
      case 'send': {
        const bytes = hex(out.header === undefined ? out.body : writeFrame(out.header, out.body));
        const attachment = out.attachment.number;
        const given = this.steps.find(
          (step) => step.from === from && step.bytes === bytes && step.attachment === attachment,
        );
        assert.ok(given, `message at ${ms}: ${JSON.stringify(out.header, (_, value) => String(value))}`);
        this.said.push({ ...given, ms });
        break;
      }
      case 'request':
        if (this.showsReads) {
          this.said.push({ ms, from, what: 'reads one', attachment: out.attachment.number, bytes: '' });
        }
        break;
      case 'end-call': {
        const how = out.why === 'DONE' ? 'half-close' : 'cancel';
        this.said.push({ ms, from, what: 'close', attachment: out.attachment.number, how });
        break;
      }
      case 'ended':
        this.said.push({ ms, from, what: 'ended', attachment: 0, end: out.end.kind });
        break;
      default:
        assert.fail(`unexpected: ${out.type}`);
    }
  }
}

const BEATING = { ackEvery: 16, heartbeatMillis: 10_000, suspectMillis: 25_000, deadMillis: 30_000 };

test('goes through a cut to the final status', () => {
  new Dialog('client-dialog.json', { ackEvery: 16 }, false).play(9);
});

test('sends heartbeats, and races an attachment that fell silent', () => {
  new Dialog('client-half-open.json', BEATING, false).play(9);
});

test('acknowledges large messages by bytes', () => {
  new Dialog('acks-by-bytes.json', { receiveBytes: 256 * 1024 }, false).play(100);
});

test('lets answers carry the acks of large messages', () => {
  new Dialog('acks-of-answers.json', {}, false).play(100);
});

test('gives credit by size', () => {
  new Dialog('credit-by-size.json', { receiveBytes: 256 * 1024 }, true).play(0);
});
