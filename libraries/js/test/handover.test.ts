/** A session that its owner hands over to another instance, and whose client carries the hand-over. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Flag } from '../src/wire/frame-header.js';
import { NEXT_TOKEN, PlayedSession, handoverBytes } from './handover-session.js';
import { hex } from './vectors.js';

/** A session whose old owner has processed one message, sent one, and handed over. */
const TAKEN = { position: 2, processed: 1 };
/** The welcome of the next owner. */
const NEXT = { token: NEXT_TOKEN, watermark: 1, low: 3 };
const OFFER = '0801';

function handedOver(): { played: PlayedSession; bytes: Uint8Array } {
  const played = PlayedSession.talking();
  return { played, bytes: played.handOver(TAKEN) };
}

/** A session at its second owner, whose application has the message of the first one in hand. */
function takenWithOneInHand(): PlayedSession {
  const played = new PlayedSession();
  played.welcome({});
  played.processes = false;
  played.frame(played.newest, { seq: 1 }, Uint8Array.of(1));
  played.handOver({ position: 2 });
  played.welcome({ ...NEXT, watermark: 0 });
  return played;
}

function end(played: PlayedSession): unknown {
  const ends = played.all('ended').map(({ end: { kind, processedByPeer } }) => ({ kind, processedByPeer }));
  assert.ok(ends.length <= 1);
  return ends[0];
}

test('each attachment offers to take a hand-over', () => {
  const played = PlayedSession.talking();
  played.cut();
  played.awaitNext();

  assert.deepEqual(
    played.all('start-call').map(({ handover }) => hex(handover.toBytes())),
    [OFFER, OFFER],
  );
});

test('a hand-over is shown at once, without a token, by a hello that is not untouched', () => {
  const { played, bytes } = handedOver();
  const { hello, handover, address } = played.opened;

  assert.equal(hex(handover.toBytes()), hex(bytes));
  assert.equal(played.all('start-call').length, 2);
  assert.equal(played.session.state, 'HANDOVER');
  const { token, untouched, low, watermark, age, touchedBy } = hello;
  assert.deepEqual([token.length, untouched, low, watermark, age, touchedBy, address], [0, false, 2, 2, 0, 0, '']);
  assert.equal(end(played), undefined);
});

test('the old owner gets the ack of its final frame at once', () => {
  const played = new PlayedSession();
  played.welcome({ ackEvery: 64, ackDelay: 10_000 });
  const old = played.newest;
  played.offer(1);
  played.frame(old, { seq: 1, ack: 1 }, Uint8Array.of(1));
  played.handOver(TAKEN);

  assert.equal(played.sentOn(old).at(-1)?.ack, 2);
});

test("the call of the old owner is half-closed and not reset, as a reset may overtake the ack for which that owner's drain waits", () => {
  const { played } = handedOver();
  const old = played.all('start-call')[0]!.attachment;
  played.welcome(NEXT);

  assert.deepEqual(
    played.all('end-call').map(({ attachment, why }) => [attachment, why]),
    [[old, 'DONE']],
  );
});

test('nothing is written before the welcome of the next owner, and a probe at once behind it', () => {
  const { played } = handedOver();
  const next = played.newest;
  played.offer(2);
  assert.deepEqual(played.sentOn(next), []);
  played.session.onClosed(played.now, played.all('start-call')[0]!.attachment, { scope: 'status', status: 0 });
  played.pass(100);
  assert.deepEqual(played.sentOn(next), []);

  played.welcome(NEXT);
  assert.deepEqual(played.positionsOn(next), [2]);
  assert.ok(played.sentOn(next).some((header) => header?.seq === 0 && header.probe !== 0n));
});

test('a next owner that has nothing to get is sent a probe', () => {
  const { played } = handedOver();
  played.welcome(NEXT);

  assert.deepEqual(
    played.sentOn(played.newest).map((header) => [header?.seq, header?.flags, header?.probe]),
    [[0, 0, 1n]],
  );
});

test('positions go on behind the hand-over, in both directions', () => {
  const { played } = handedOver();
  played.welcome(NEXT);
  played.offer(2);
  played.frame(played.newest, { seq: 3, ack: 2 }, Uint8Array.of(2));

  assert.deepEqual(played.positionsOn(played.newest), [2]);
  assert.deepEqual(
    played.all('deliver').map(({ seq }) => seq),
    [1, 3],
  );
  assert.deepEqual(played.all('restarted'), []);
  played.frame(played.newest, { seq: 4, ack: 2, flags: Flag.FINAL });
  assert.deepEqual(end(played), { kind: 'FINISHED', processedByPeer: 2 });
});

test('messages that no owner has processed go to the next one, and those written meanwhile wait for it', () => {
  const played = PlayedSession.talking();
  const old = played.newest;
  played.offer(2, 3);
  assert.deepEqual(played.positionsOn(old), [1, 2, 3]);
  played.handOver(TAKEN);
  played.offer(4);
  assert.equal(played.opened.hello.low, 2);
  assert.deepEqual(played.positionsOn(old), [1, 2, 3]);

  played.welcome(NEXT);
  assert.deepEqual(played.positionsOn(played.newest), [2, 3, 4]);
});

test('a hand-over begins when the application was given everything before it, and is acknowledged when that was processed', () => {
  const played = new PlayedSession('bidirectional', { demand: 1 });
  played.welcome({});
  played.processes = false;
  const old = played.newest;
  played.frame(old, { seq: 1 }, Uint8Array.of(1));
  played.frame(old, { seq: 2 }, Uint8Array.of(2));
  played.handOver({ position: 3 });
  assert.equal(played.all('start-call').length, 1);

  played.session.request(1);
  played.drive();
  assert.equal(played.all('start-call').length, 2);
  assert.equal(played.opened.hello.watermark, 0);
  played.session.processed(played.now, 1);
  played.session.processed(played.now, 2);
  played.pass(1);
  assert.equal(played.sentOn(old).at(-1)?.ack, 3);
});

test('a next owner holds nothing of what the application still has in hand', () => {
  const played = takenWithOneInHand();
  assert.equal(end(played), undefined);
  played.frame(played.newest, { seq: 3 }, Uint8Array.of(2));

  played.session.processed(played.now, 1);
  assert.equal(played.session.received.processed, 2);
  played.session.processed(played.now, 3);
  assert.equal(played.session.received.processed, 3);
});

test('two final frames behind a message in hand are processed with it', () => {
  const played = takenWithOneInHand();
  played.handOver({ position: 3, moves: 2 });
  assert.equal(played.all('start-call').length, 2);

  played.session.processed(played.now, 1);
  played.drive();
  assert.equal(played.session.received.processed, 3);
  assert.equal(played.all('start-call').length, 3);
});

test('what an old owner says behind its hand-over is not delivered', () => {
  const { played } = handedOver();
  const old = played.all('start-call')[0]!.attachment;
  played.frame(old, { seq: 3 }, Uint8Array.of(9));

  assert.deepEqual(
    played.all('deliver').map(({ seq }) => seq),
    [1],
  );
  played.welcome(NEXT);
  played.frame(played.newest, { seq: 3 }, Uint8Array.of(2));
  assert.equal(played.all('deliver').at(-1)?.body[0], 2);
});

test('an owner that leaves is not settled with its successor', () => {
  const played = PlayedSession.talking();
  const old = played.newest;
  played.frame(old, { flags: Flag.DRAIN | Flag.LEAVING });
  assert.equal(played.sentOn(old).at(-1)?.flags, Flag.SETTLED);
  played.offer(2);
  played.handOver(TAKEN);
  // It says so again, as its drain may have come late.
  played.frame(old, { flags: Flag.DRAIN | Flag.LEAVING });
  played.welcome(NEXT);

  assert.deepEqual(played.positionsOn(old), [1]);
  assert.deepEqual(played.positionsOn(played.newest), [2]);
  assert.ok(played.sentOn(played.newest).every((header) => (header?.flags ?? 0) === 0));
});

test('BUSY and cuts before the welcome show the hand-over again', () => {
  const { played, bytes } = handedOver();
  played.refuse('BUSY');
  played.awaitNext();
  played.cut(played.all('start-call')[0]!.attachment);
  played.cut();
  assert.equal(played.session.state, 'DETACHED');
  played.awaitNext();
  played.session.onClosed(played.now, played.newest, { scope: 'status', status: 8 });
  played.drive();
  played.awaitNext();

  const shown = played.all('start-call').slice(1);
  assert.equal(shown.length, 4);
  for (const { handover, hello } of shown) {
    assert.deepEqual([hex(handover.toBytes()), hello.token.length, hello.age], [hex(bytes), 0, 0]);
  }
  played.welcome(NEXT);
  assert.equal(end(played), undefined);
  assert.equal(played.session.state, 'ATTACHED');
});

for (const code of ['UNKNOWN', 'EXPIRED', 'GAP', 'DENIED'] as const) {
  test(`a hand-over that is refused as ${code} ends the session as moved, with the numbers of the old owner`, () => {
    const { played } = handedOver();
    played.offer(2);
    played.refuse(code);

    assert.deepEqual(end(played), { kind: 'MOVED', processedByPeer: 1 });
    assert.equal(played.session.state, 'CLOSED');
  });
}

test('response headers without a welcome end the session as moved', () => {
  const { played } = handedOver();
  played.session.onPlainHeaders(played.now, played.newest);
  played.drive();

  assert.deepEqual(end(played), { kind: 'MOVED', processedByPeer: 1 });
});

test('a server without the method ends the session as moved', () => {
  const { played } = handedOver();
  played.cut(played.all('start-call')[0]!.attachment);
  played.session.onClosed(played.now, played.newest, { scope: 'status', status: 12 });
  played.drive();

  assert.deepEqual(end(played), { kind: 'MOVED', processedByPeer: 1 });
});

test('the end of the patience ends the session as moved', () => {
  const { played } = handedOver();
  played.cut(played.all('start-call')[0]!.attachment);
  played.awaitUntil(() => played.session.isEnded);

  assert.deepEqual(end(played), { kind: 'MOVED', processedByPeer: 1 });
  assert.ok(played.all('start-call').length > 3);
  assert.equal(played.all('waiting').length, 1);
});

test('silence of the next owner doubles the patience', () => {
  const { played } = handedOver();
  const silence = (): number => {
    const began = played.newest.openedAt;
    const closed = played.all('end-call').length;
    played.awaitUntil(() => played.all('end-call').length > closed);
    const gaveUp = played.now;
    played.awaitNext();
    return gaveUp - began;
  };

  assert.deepEqual([silence(), silence(), silence()], [10_000, 20_000, 40_000]);
});

for (const [what, body] of [
  ['nothing', new Uint8Array(0)],
  ['an offer', Uint8Array.of(8, 1)],
  ['another position', handoverBytes({ position: 3, processed: 1 })],
  ['a field of another version', Uint8Array.of(...handoverBytes(TAKEN), 0x48, 1)],
  ['the messages again, of a method with many requests', handoverBytes({ position: 2, replays: 1 })],
] as const) {
  test(`a final frame with ${what} ends the session as moved`, () => {
    const played = PlayedSession.talking();
    // Two more, so that not all that was sent is held.
    played.offer(2, 3);
    played.final(played.newest, 2, 1, body);

    assert.deepEqual(end(played), { kind: 'MOVED', processedByPeer: 1 });
    assert.equal(played.sentOn(played.newest).at(-1)?.ack, 2);
    assert.equal(played.all('start-call').length, 1);
  });
}

test('a second hand-over follows the first, with nothing of it', () => {
  const { played } = handedOver();
  played.welcome(NEXT);
  played.offer(2);
  played.frame(played.newest, { seq: 3, ack: 2 }, Uint8Array.of(2));
  const bytes = played.handOver({ position: 4, processed: 2, moves: 2 });

  assert.equal(hex(played.opened.handover.toBytes()), hex(bytes));
  assert.deepEqual([played.opened.hello.token.length, played.opened.hello.low, played.opened.hello.watermark], [0, 3, 4]);
  played.welcome({ token: NEXT_TOKEN, watermark: 2, low: 5 });
  played.offer(3);
  assert.deepEqual(played.positionsOn(played.newest), [3]);
});

test('a hand-over of the next owner that nobody takes ends with the numbers of that owner', () => {
  const { played } = handedOver();
  played.welcome(NEXT);
  played.offer(2);
  played.handOver({ position: 3, processed: 2, moves: 2 });
  played.refuse('DENIED');

  assert.deepEqual(end(played), { kind: 'MOVED', processedByPeer: 2 });
});

test('a cut behind the welcome resumes with the token of the next owner, and with the offer', () => {
  const { played } = handedOver();
  played.welcome(NEXT);
  played.cut();
  played.awaitNext();

  assert.equal(hex(played.opened.handover.toBytes()), OFFER);
  assert.equal(hex(played.opened.hello.token), hex(NEXT_TOKEN));
});

test('a welcome that does not fit the hand-over ends the session by a gap', () => {
  const { played } = handedOver();
  played.welcome({ ...NEXT, low: 4 });

  assert.deepEqual(end(played), { kind: 'LOST_GAP', processedByPeer: 1 });
});

test('an attempt at the old owner is given up when the hand-over is due', () => {
  const played = new PlayedSession('bidirectional', { demand: 0 });
  played.welcome({});
  const old = played.newest;
  played.frame(old, { seq: 1 }, Uint8Array.of(1));
  played.handOver({ position: 2 });
  played.cut();
  played.awaitNext();
  const attempt = played.newest;
  assert.equal(hex(played.opened.handover.toBytes()), OFFER);
  played.session.request(1);
  played.drive();

  assert.deepEqual(
    played.all('end-call').map(({ attachment, why }) => [attachment, why]),
    [[attempt, 'UNNEEDED']],
  );
  assert.ok(played.opened.handover.isPresent);
  assert.equal(played.opened.hello.attach, 3);
});

test('a session that comes back to its old owner before the hand-over is due still has it', () => {
  const played = new PlayedSession('bidirectional', { demand: 0 });
  played.welcome({});
  played.frame(played.newest, { seq: 1 }, Uint8Array.of(1));
  played.handOver({ position: 2 });
  played.cut();
  played.awaitNext();
  played.welcome({});
  assert.equal(hex(played.opened.handover.toBytes()), OFFER);
  played.session.request(1);
  played.drive();

  assert.ok(played.opened.handover.isPresent);
});

test('a cancel is told at once, and to the next owner', () => {
  const { played } = handedOver();
  played.session.cancel(played.now);
  played.drive();
  assert.deepEqual(end(played), { kind: 'CANCELLED', processedByPeer: 1 });
  played.welcome(NEXT);

  assert.ok(played.sentOn(played.newest).some((header) => ((header?.flags ?? 0) & Flag.CANCEL) !== 0));
});

test('after a cancel no hand-over begins', () => {
  const played = takenWithOneInHand();
  // It waits for the message in hand.
  played.handOver({ position: 3, moves: 2 });
  played.session.cancel(played.now);
  played.session.processed(played.now, 1);
  played.drive();

  assert.equal(played.all('start-call').length, 2);
});

test('the deadline ends a session whose hand-over is under way', () => {
  const played = PlayedSession.talking(5_000);
  played.handOver(TAKEN);
  assert.equal(played.opened.hello.remaining, 5_000);
  played.awaitUntil(() => played.session.isOver);

  assert.equal(played.now, 5_000);
  assert.deepEqual(end(played), { kind: 'DEADLINE', processedByPeer: 1 });
});

test('the request of a server-streaming method goes to the next owner again', () => {
  const played = PlayedSession.listing(1);
  const bytes = played.handOver({ position: 2, replays: 1 }, 2);
  const { hello, handover } = played.opened;
  assert.equal(hex(handover.toBytes()), hex(bytes));
  assert.deepEqual([hello.low, hello.watermark, hello.untouched], [1, 2, false]);
  assert.deepEqual(played.sentOn(played.newest), []);
  played.welcome({ token: NEXT_TOKEN, watermark: 0, low: 3 });

  assert.deepEqual(played.positionsOn(played.newest), [1, 2]);
  const sent = played.all('send').filter(({ attachment }) => attachment === played.newest);
  assert.deepEqual([sent[0]?.body[0], sent[1]?.header?.flags], [5, Flag.HALF_CLOSE]);
  played.frame(played.newest, { seq: 3, ack: 2 }, Uint8Array.of(3));
  assert.equal(played.all('deliver').at(-1)?.seq, 3);
  assert.deepEqual(played.all('restarted'), []);
  // And a second time.
  played.handOver({ position: 4, moves: 2, replays: 1 }, 2);
  played.welcome({ token: NEXT_TOKEN, watermark: 0, low: 5 });
  assert.deepEqual(played.positionsOn(played.newest), [1, 2]);
});

test('a request of more than 64 KiB is not kept, and its session ends as moved', () => {
  const most = PlayedSession.listing(1, new Uint8Array(64 * 1024));
  most.handOver({ position: 2, replays: 1 }, 2);
  assert.equal(end(most), undefined);
  const more = PlayedSession.listing(1, new Uint8Array(64 * 1024 + 1));
  more.handOver({ position: 2, replays: 1 }, 2);

  assert.deepEqual(end(more), { kind: 'MOVED', processedByPeer: 2 });
});

test('the memory of a kept request is given back', () => {
  const played = PlayedSession.listing(1);
  assert.equal(played.session.sent.heldBytes, 1);
  played.handOver({ position: 2, replays: 1 }, 2);
  played.welcome({ token: NEXT_TOKEN, watermark: 0, low: 3 });
  played.frame(played.newest, { ack: 2 });
  assert.equal(played.session.sent.heldBytes, 1);
  played.session.abandon();

  assert.equal(played.session.sent.heldBytes, 0);
});

test('the request side stays open while a hand-over is under way, however silent the next owner is', () => {
  const played = PlayedSession.listing(1);
  played.handOver({ position: 2, processed: 2, halfClosed: true }, 2);
  played.pass(5_000);
  assert.deepEqual(played.all('half-close'), []);
  played.welcome({ token: NEXT_TOKEN, watermark: 2, low: 3 });
  played.cut();
  played.awaitNext();
  const attempt = played.newest;
  played.awaitUntil(() => played.all('half-close').length > 0);

  // The step of a half-duplex path, of the same session without a hand-over.
  assert.equal(played.all('half-close')[0]?.attachment, attempt);
});

test('a handler that begins anew before the first message is not noticed', () => {
  const played = PlayedSession.listing(0);
  played.handOver({ position: 1, replays: 2 }, 2);
  played.welcome({ token: NEXT_TOKEN, watermark: 0, low: 2 });
  played.handOver({ position: 2, moves: 2, replays: 2 }, 2);
  played.welcome({ token: NEXT_TOKEN, watermark: 0, low: 3 });

  assert.deepEqual(played.positionsOn(played.newest), [1, 2]);
  assert.deepEqual(played.all('restarted'), []);
  assert.equal(end(played), undefined);
});

test('a handler that begins anew behind messages ends the session as moved, unless the application takes that', () => {
  const played = PlayedSession.listing(2);
  played.handOver({ position: 3, replays: 2 }, 2);

  assert.deepEqual(end(played), { kind: 'MOVED', processedByPeer: 2 });
  assert.equal(played.all('start-call').length, 1);
});

test('the application is told that a handler begins anew, before its first message', () => {
  const played = PlayedSession.listing(2, Uint8Array.of(5), true);
  played.handOver({ position: 3, replays: 2 }, 2);
  played.refuse('BUSY');
  played.awaitNext();
  assert.deepEqual(played.all('restarted'), []);
  played.welcome({ token: NEXT_TOKEN, watermark: 0, low: 4 });
  played.frame(played.newest, { seq: 4, ack: 2 }, Uint8Array.of(1));

  const told = played.outputs.flatMap((out) => {
    if (out.type === 'restarted') {
      return [`restarted behind ${out.messages}`];
    }
    return out.type === 'deliver' ? [`message ${out.seq}`] : [];
  });
  assert.deepEqual(told, ['message 1', 'message 2', 'restarted behind 2', 'message 4']);
  assert.deepEqual(played.positionsOn(played.newest), [1, 2]);
});

for (const status of [7, 8, 12, 16]) {
  test(`status ${status} of the old owner's call is no end of a session that is handed over`, () => {
    const played = PlayedSession.talking();
    const old = played.newest;
    played.handOver(TAKEN);
    played.close(old, { scope: 'status', status });
    assert.equal(end(played), undefined);

    played.welcome(NEXT);
    played.frame(played.newest, { seq: 3, ack: 1 }, Uint8Array.of(2));
    assert.deepEqual(
      played.all('deliver').map(({ seq }) => seq),
      [1, 3],
    );
  });
}

test("the end of the old owner's call is no end while a message before the hand-over is unread", () => {
  const played = new PlayedSession('bidirectional', { demand: 0 });
  played.welcome({});
  const old = played.newest;
  played.frame(old, { seq: 1 }, Uint8Array.of(1));
  const bytes = played.handOver({ position: 2 });
  played.close(old, { scope: 'status', status: 7 });
  assert.equal(end(played), undefined);

  played.session.request(1);
  played.drive();
  assert.equal(hex(played.opened.handover.toBytes()), hex(bytes));
});

test('a third reset is no end of a session that is handed over', () => {
  const played = PlayedSession.talking();
  played.offer(2);
  for (let i = 0; i < 2; i++) {
    played.close(played.newest, { scope: 'stream', status: 2 });
    played.awaitNext();
    played.welcome({ watermark: 1, low: 2 });
  }
  const old = played.newest;
  played.handOver(TAKEN);
  played.close(old, { scope: 'stream', status: 2 });
  assert.equal(end(played), undefined);

  played.welcome(NEXT);
  assert.deepEqual(played.positionsOn(played.newest), [2]);
});
