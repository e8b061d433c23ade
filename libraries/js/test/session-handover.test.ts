/** The metadata value of a hand-over, as the table of docs/duplex-v1.md has it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WireError, type WireViolation } from '../src/wire/fields.js';
import { SessionHandover } from '../src/wire/session-handover.js';
import { type HandoverTable, handoverBytes } from './handover-session.js';
import { hex, unhex } from './vectors.js';

/** Made by the Java library, with a key of zeros. */
const OF_JAVA: { name: string; bytes: string; fields: HandoverTable }[] = [
  {
    name: 'with all positions',
    bytes: '080110ac021807200228013a0204024220241910f410c41db6db163a6042c83e55c47f9de62347dfe7fe76817ba3af41a7',
    fields: { position: 300, processed: 7, moves: 2, halfClosed: true, replays: 0, cursor: Uint8Array.of(4, 2) },
  },
  {
    name: 'that replays',
    bytes: '080110052001280130013a02040242203ca21fd7b18ffc5e5d85be1db5153eea13e1da188fbcb209131e4be959ce14e6',
    fields: { position: 5, processed: 0, moves: 1, halfClosed: true, replays: 1, cursor: Uint8Array.of(4, 2) },
  },
  {
    name: 'that restarts',
    bytes: '0801100320013002422032d068e21ff6fbcefe7231b53f070346e320370c0e4996d041986b285a303d26',
    fields: { position: 3, processed: 0, moves: 1, halfClosed: false, replays: 2 },
  },
  {
    name: 'of a stream without messages',
    bytes: '08011001200142208571313dd625ebfb88b647a83690163da0090caa3da33252850486ef61dbfef3',
    fields: { position: 1, processed: 0, moves: 1, halfClosed: false, replays: 0 },
  },
];

for (const { name, bytes, fields } of OF_JAVA) {
  test(`reads a hand-over ${name}, and shows the same bytes`, () => {
    const read = SessionHandover.read(unhex(bytes));
    const { position, processed, moves, isHalfClosed: halfClosed } = read;
    const replays = read.restarts ? 2 : Number(read.replays);
    const { cursor, ...numbers } = fields;
    assert.deepEqual({ position, processed, moves, halfClosed, replays }, numbers);
    assert.equal(read.messages, fields.position - Number(fields.moves));
    assert.ok(read.isPresent);
    assert.equal(hex(read.toBytes()), bytes);
    const seal = unhex(bytes).subarray(-32);
    assert.equal(hex(handoverBytes({ ...fields, seal })), bytes);
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
  const bytes = Buffer.concat([unhex('080110ffffffffffffffff7f2001'), unhex('4220'), Buffer.alloc(32)]);
  assert.equal(hex(SessionHandover.read(bytes).toBytes()), hex(bytes));
});

test('takes a cursor of 4,096 bytes', () => {
  assert.ok(SessionHandover.read(handoverBytes({ position: 1, cursor: new Uint8Array(4_096) })).isPresent);
});

const whole = hex(handoverBytes({ position: 2, processed: 1 }));
const seal = `4220${'09'.repeat(32)}`;

const REFUSED: [string, Uint8Array, WireViolation][] = [
  ['nothing', unhex(''), 'BAD_VALUE'],
  ['no version', unhex(whole.slice(4)), 'BAD_VALUE'],
  ['another version', unhex(`0802${whole.slice(4)}`), 'BAD_VALUE'],
  ['an unknown field', unhex(`${whole}4801`), 'UNKNOWN_FIELD'],
  ['fields in another order', unhex(`080120011001${seal}`), 'NOT_CANONICAL'],
  ['a field twice', unhex(`0801100110012001${seal}`), 'NOT_CANONICAL'],
  ['a field that is zero', unhex(`0801100118002001${seal}`), 'NOT_CANONICAL'],
  ['a varint that is too long', unhex(`08011081002001${seal}`), 'NOT_CANONICAL'],
  ['an empty cursor', unhex(`0801100120013a00${seal}`), 'NOT_CANONICAL'],
  ['a position above 2^63-1', unhex(`080110ffffffffffffffffff012001${seal}`), 'BAD_VALUE'],
  ['more moves than 2^31-1', unhex(`080110ffffffff0f208080808008${seal}`), 'BAD_VALUE'],
  ['a half-close of 2', unhex(`0801100120012802${seal}`), 'BAD_VALUE'],
  ['replays of 3', unhex(`0801100120013003${seal}`), 'BAD_VALUE'],
  ['a cursor of 4,097 bytes', handoverBytes({ position: 1, cursor: new Uint8Array(4_097) }), 'TOO_LONG'],
  ['a seal of 33 bytes', handoverBytes({ position: 1, seal: new Uint8Array(33) }), 'TOO_LONG'],
  ['a seal of 31 bytes', handoverBytes({ position: 1, seal: new Uint8Array(31) }), 'BAD_VALUE'],
  ['no seal', unhex('080110012001'), 'BAD_VALUE'],
  ['no position', unhex(`08012001${seal}`), 'BAD_VALUE'],
  ['no moves', unhex(`08011001${seal}`), 'BAD_VALUE'],
  ['more moves than positions', handoverBytes({ position: 1, moves: 2 }), 'BAD_VALUE'],
  ['a cursor alone', unhex('08013a0104'), 'BAD_VALUE'],
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
