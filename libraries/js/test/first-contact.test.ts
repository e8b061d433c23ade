/** The first attachment of a session, before anybody has answered it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attachment } from '../src/session/attachment.js';
import { BufferBudget } from '../src/session/buffer-budget.js';
import { ClientSession } from '../src/session/client-session.js';
import { sessionOptions } from '../src/session/options.js';
import type { SessionOutput } from '../src/session/outputs.js';

test('a call that waits for a connection makes no server silent', () => {
  const options = sessionOptions({ firstMessage: 'after-welcome' });
  const silence = options.assumePlainMillis;
  const random = { tag: () => 1, delay: (most: number) => most };
  const session = new ClientSession(new Uint8Array(16).fill(1), options, random, new BufferBudget());
  let first: Attachment | undefined;
  const written = (now: number): number => {
    session.onTimeout(now);
    let sent = 0;
    for (let output: SessionOutput | undefined; (output = session.poll(now)) !== undefined; ) {
      if (output.type === 'start-call') {
        first = output.attachment;
      }
      sent += output.type === 'send' ? 1 : 0;
    }
    return sent;
  };

  session.start(0, 0, 'unknown');
  assert.equal(written(0), 0);
  assert.ok(first);
  session.onHelloUnsent(first);
  assert.ok(session.offer(new Uint8Array([1])));
  const connected = 3 * silence;
  assert.equal(written(connected), 0);

  session.onHelloSent(connected, first);
  assert.equal(written(connected + silence - 1), 0);
  assert.equal(session.nextDeadline(), connected + silence);
  assert.equal(written(connected + silence), 1);
});
