/** The metadata value of a hand-over, as the table of docs/duplex-v1.md has it. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { WireError, type WireViolation } from '../src/wire/fields.js';
import { SessionHandover } from '../src/wire/session-handover.js';
import { handoverBytes } from './handover-session.js';
import { hex, unhex, vectors } from './vectors.js';

interface Handovers {
  handovers: {
    name: string;
    bytes: string;
    position: number;
    processed: number;
    moves: number;
    'half closed': boolean;
    replays: number;
    cursor: string;
    seal: string;
  }[];
  seals: { name: string; bytes: string; key: string; session: string; principal: string; method: string; fits: boolean }[];
  refused: { name: string; bytes: string; kind: WireViolation }[];
}

const vectorsOfHandovers = vectors<Handovers>('handovers.json');

for (const { name, bytes, 'half closed': halfClosed, cursor, seal, ...numbers } of vectorsOfHandovers.handovers) {
  test(`reads the hand-over ${name}, and shows the same bytes`, () => {
    const read = SessionHandover.read(unhex(bytes));
    const { position, processed, moves, isHalfClosed } = read;
    const replays = read.restarts ? 2 : Number(read.replays);
    assert.deepEqual({ position, processed, moves, replays }, numbers);
    assert.equal(isHalfClosed, halfClosed);
    assert.equal(read.isPresent, seal !== '');
    assert.equal(read.messages, position - moves);
    assert.equal(hex(read.toBytes()), bytes);
    if (position < Number.MAX_SAFE_INTEGER) {
      const table = { ...numbers, halfClosed, cursor: unhex(cursor), seal: unhex(seal) };
      assert.equal(hex(handoverBytes(table)), bytes);
    }
  });
}

/** The seal that a server makes, by docs/duplex-v1.md alone. */
function sealOf({ bytes, key, session, principal, method }: Handovers['seals'][number]): string {
  const mac = createHmac('sha256', key).update(unhex(session));
  // The seal and its key, with which its field begins, stand at the end.
  const content = unhex(bytes).subarray(0, -34);
  for (const part of [Buffer.from(principal), Buffer.from(method), Buffer.alloc(0), content]) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    mac.update(length).update(part);
  }
  return mac.digest('hex');
}

for (const vector of vectorsOfHandovers.seals) {
  test(`the seal ${vector.name} ${vector.fits ? 'fits' : 'does not fit'} by the document, and is read all the same`, () => {
    assert.equal(sealOf(vector) === vector.bytes.slice(-64), vector.fits);
    assert.ok(SessionHandover.read(unhex(vector.bytes)).isPresent);
  });
}

for (const { name, bytes, kind } of vectorsOfHandovers.refused) {
  test(`refuses the hand-over: ${name}, as ${kind}`, () => {
    assert.throws(
      () => SessionHandover.read(unhex(bytes)),
      (error) => error instanceof WireError && error.violation === kind,
    );
  });
}

test('an offer is the version alone', () => {
  assert.equal(hex(SessionHandover.OFFER.toBytes()), '0801');
  assert.ok(!SessionHandover.OFFER.isPresent);
  assert.ok(!SessionHandover.read(unhex('0801')).isPresent);
});

test('shows bytes that nobody can change afterwards', () => {
  const bytes = Buffer.from(handoverBytes({ position: 1 }));
  const read = SessionHandover.read(bytes);
  const before = hex(read.toBytes());
  bytes.fill(0);
  read.toBytes().fill(0);
  assert.equal(hex(read.toBytes()), before);
});

test('takes positions that a number of JavaScript cannot count, and shows them as they are', () => {
  const bytes = Buffer.concat([unhex('080110feffffffffffffff7f2001'), unhex('4220'), Buffer.alloc(32)]);
  assert.equal(hex(SessionHandover.read(bytes).toBytes()), hex(bytes));
});

test('takes a cursor of 4,096 bytes', () => {
  assert.ok(SessionHandover.read(handoverBytes({ position: 1, cursor: new Uint8Array(4_096) })).isPresent);
});

const whole = hex(handoverBytes({ position: 2, processed: 1 }));
const seal = `4220${'09'.repeat(32)}`;

const REFUSED: [string, Uint8Array, WireViolation][] = [
  ['a position above 2^63-1', unhex(`080110ffffffffffffffffff012001${seal}`), 'BAD_VALUE'],
  ['a cursor of 4,097 bytes', handoverBytes({ position: 1, cursor: new Uint8Array(4_097) }), 'TOO_LONG'],
  ['4,225 bytes', new Uint8Array(4_225), 'TOO_LONG'],
];

for (const [name, bytes, violation] of REFUSED) {
  test(`refuses a hand-over with ${name} as ${violation}`, () => {
    assert.throws(
      () => SessionHandover.read(bytes),
      (error) => error instanceof WireError && error.violation === violation,
    );
  });
}

test('refuses a hand-over that is cut off', () => {
  const bytes = unhex(whole);
  for (let length = 3; length < bytes.length; length++) {
    assert.throws(() => SessionHandover.read(bytes.subarray(0, length)), WireError);
  }
});
