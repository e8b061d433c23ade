/**
 * Acknowledgements beyond what the attachment in use has sent: its transport was full, and the server processed meanwhile what an older
 * attachment had brought.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attachment } from '../src/session/attachment.js';
import { BufferBudget } from '../src/session/buffer-budget.js';
import { ClientSession } from '../src/session/client-session.js';
import { sessionOptions } from '../src/session/options.js';
import { CONNECTION_LOST, type SessionOutput } from '../src/session/outputs.js';

test('sending continues behind acks beyond what the attachment has sent', () => {
  let tags = 0;
  const random = { tag: () => ++tags, delay: () => 0 };
  const session = new ClientSession(new Uint8Array(16).fill(1), sessionOptions({}), random, new BufferBudget());
  const sent: { attachment: Attachment; seq: number }[] = [];
  let newest: Attachment | undefined;
  const drive = (): void => {
    for (let output: SessionOutput | undefined; (output = session.poll(0)) !== undefined; ) {
      if (output.type === 'start-call') {
        newest = output.attachment;
      } else if (output.type === 'send' && output.body.length > 0) {
        sent.push({ attachment: output.attachment, seq: output.header?.seq ?? 0 });
      }
    }
  };
  const welcome = (attachment: Attachment): void => {
    const token = new Uint8Array(32).fill(1);
    session.onWelcome(0, attachment, { token, watermark: 0, low: 1, credit: 256, ttl: 60_000, ackEvery: 0, ackDelay: 0, spread: 0 });
  };
  const offer = (count: number): void => {
    for (let i = 0; i < count; i++) {
      assert.ok(session.offer(new Uint8Array([i])));
    }
    drive();
  };

  session.start(0, 0, 'holdfast');
  drive();
  const first = newest;
  assert.ok(first);
  welcome(first);
  offer(4);
  session.onClosed(0, first, CONNECTION_LOST);
  session.onTimeout(0);
  drive();
  const second = newest;
  assert.ok(second !== undefined && second !== first);
  session.onWritable(second, false);
  welcome(second);
  drive();
  const ack = { tag: second.tag, seq: 0, ack: 3, credit: 0, flags: 0, low: 0, status: 0, probe: 0n };
  session.onFrame(0, second, ack, new Uint8Array(0));
  drive();
  const onSecond = (): number[] => sent.filter(({ attachment }) => attachment === second).map(({ seq }) => seq);
  assert.deepEqual(onSecond(), []);

  session.onWritable(second, true);
  drive();
  offer(1);

  assert.equal(session.sent.acked, 3);
  assert.deepEqual(onSecond(), [4, 5]);
});
