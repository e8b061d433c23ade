import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFinalStatus } from '../src/wire/final-status.js';
import { WireError } from '../src/wire/fields.js';
import { readFrame, writeFrame } from '../src/wire/frame-header.js';
import {
  REFUSAL_CODES,
  ownerOf,
  readHello,
  readRefusal,
  readWelcome,
  writeHello,
  writeWelcome,
} from '../src/wire/handshake.js';
import { type HeaderFields, hex, unhex, vectors } from './vectors.js';

interface FrameVectors {
  headers: (HeaderFields & { name: string; bytes: string; flags: number })[];
  none: { bytes: string }[];
  refused: { bytes: string; kind: string }[];
}

const frames = vectors<FrameVectors>('frames.json');
const body = Buffer.from('body');

for (const { name, bytes, probe, ...fields } of frames.headers) {
  test(`reads and writes the header: ${name}`, () => {
    const header = { ...fields, probe: BigInt(probe) };
    const read = readFrame(Buffer.concat([unhex(bytes), body]));
    assert.deepEqual(read?.header, header);
    assert.equal(hex(read?.body ?? body), hex(body));
    if (header.seq < Number.MAX_SAFE_INTEGER) {
      assert.equal(hex(writeFrame(header, body)), bytes + hex(body));
    }
  });
}

for (const { bytes } of frames.none) {
  test(`finds no header in '${bytes}'`, () => {
    assert.equal(readFrame(unhex(bytes)), undefined);
  });
}

for (const { bytes, kind } of frames.refused) {
  test(`refuses the header ${bytes} as ${kind}`, () => {
    assert.throws(
      () => readFrame(unhex(bytes)),
      (error) => error instanceof WireError && error.violation === kind,
    );
  });
}

interface Handshakes {
  tokens: { owner: string; token: string }[];
  hellos: Record<string, string | number | boolean>[];
  welcomes: Record<string, string | number>[];
  refusals: Record<string, string | number>[];
}

const handshakes = vectors<Handshakes>('handshakes.json');

test('reads the owner of a token', () => {
  assert.deepEqual(
    handshakes.tokens.map(({ token }) => ownerOf(unhex(token))),
    handshakes.tokens.map(({ owner }) => owner),
  );
});

for (const { bytes, ...fields } of handshakes.hellos) {
  test(`reads and writes the hello ${String(bytes)}`, () => {
    const hello = readHello(unhex(String(bytes)));
    const { session, token, touchedBy, ...others } = hello;
    assert.deepEqual({ ...others, session: hex(session), token: hex(token), 'touched by': touchedBy }, fields);
    assert.equal(hex(writeHello(hello)), bytes);
  });
}

for (const { bytes, ...fields } of handshakes.welcomes) {
  test(`reads and writes the welcome ${String(bytes)}`, () => {
    const welcome = readWelcome(unhex(String(bytes)));
    const { token, ackEvery, ackDelay, ...others } = welcome;
    assert.deepEqual({ ...others, token: hex(token), 'ack every': ackEvery, 'ack delay': ackDelay }, fields);
    assert.equal(hex(writeWelcome(welcome)), bytes);
  });
}

for (const { bytes, ...fields } of handshakes.refusals) {
  test(`reads the refusal ${String(bytes)}`, () => {
    const { code, retryAfter, ...others } = readRefusal(unhex(String(bytes)));
    assert.deepEqual({ ...others, code: REFUSAL_CODES.indexOf(code) + 1, 'retry after': retryAfter }, fields);
  });
}

test('refuses a handshake of another version, of too many bytes, and one that is cut off', () => {
  const welcome = unhex(String(handshakes.welcomes[0]?.['bytes']));
  assert.throws(() => readWelcome(Buffer.concat([unhex('0802'), welcome.subarray(2)])), /version 2/);
  assert.throws(() => readWelcome(Buffer.alloc(1025)), /1025 bytes/);
  // Behind the ttl nothing is required.
  const required = welcome.length - unhex('3810403248d00f').length;
  for (let length = 0; length < required; length++) {
    assert.throws(() => readWelcome(welcome.subarray(0, length)), WireError);
  }
});

interface Finals {
  bodies: { name: string; bytes: string; description: string; trailers: { key: string; value: string }[] }[];
  'only the code counts': { bytes: string }[];
}

const finals = vectors<Finals>('finals.json');

for (const { name, bytes, description, trailers } of finals.bodies) {
  test(`reads the final status of ${name}`, () => {
    const read = readFinalStatus(unhex(bytes));
    assert.equal(read?.description, description);
    // The vectors list them in an order of their own, and all values in hex.
    const byKey = (a: { key: string }, b: { key: string }): number => a.key.localeCompare(b.key);
    assert.deepEqual(
      read?.trailers.map(({ key, value }) => ({ key, value: hex(value) })).sort(byKey),
      trailers.sort(byKey),
    );
  });
}

for (const { bytes } of finals['only the code counts']) {
  test(`takes the final status '${bytes}' for one without words`, () => {
    assert.equal(readFinalStatus(unhex(bytes)), undefined);
  });
}
