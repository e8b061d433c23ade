import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { Client, type MethodDefinition, credentials } from '@grpc/grpc-js';
import { LostError, MovedError, ResumableClient, type ResumableOptions, StreamError } from '../src/index.js';
import { CuttingRelay } from './cutting-relay.js';

/** The port of `TelemetryServer` of examples, on loopback; scripts/stream-clients starts one. */
const PORT = Number(process.env['HOLDFAST_TELEMETRY_PORT'] ?? 0);
const CUTS = Number(process.env['HOLDFAST_CUTS'] ?? 300);
const skip = PORT === 0 ? 'no Java server (expected: HOLDFAST_TELEMETRY_PORT, as scripts/stream-clients sets it)' : false;

/** A channel that is not slowed down by its own failures. */
const QUICK = { 'grpc.initial_reconnect_backoff_ms': 20, 'grpc.max_reconnect_backoff_ms': 50 };
const OPTIONS: ResumableOptions = { handshakeMillis: 1_000, backoffBaseMillis: 10, backoffCapMillis: 50, firstMessage: 'after-welcome' };

interface Receipt {
  readonly number: number;
  readonly sum: number;
}

/** `Telemetry.Report`: readings of value 1; a receipt has the number of its reading and the sum so far. */
const report: MethodDefinition<number, Receipt> = {
  path: '/holdfast.examples.v1.Telemetry/Report',
  requestStream: true,
  responseStream: true,
  requestSerialize: (reading) => {
    const bytes = Buffer.alloc(15);
    bytes[0] = 0x10;
    for (let i = 1, rest = reading; i <= 5; i++, rest = Math.floor(rest / 128)) {
      // Five bytes always: the reader of a varint takes any length.
      bytes[i] = (rest % 128) | (i < 5 ? 0x80 : 0);
    }
    bytes[6] = 0x19;
    bytes.writeDoubleLE(1, 7);
    return bytes;
  },
  requestDeserialize: () => assert.fail('no server'),
  responseSerialize: () => assert.fail('no server'),
  responseDeserialize: (bytes) => {
    let number = 0;
    let at = 1;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      number += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        break;
      }
    }
    assert.equal(bytes[at], 0x11);
    return { number, sum: bytes.readDoubleLE(at + 1) };
  },
};

async function through(relay: CuttingRelay, use: (client: ResumableClient) => Promise<void>): Promise<void> {
  const client = new ResumableClient(new Client(relay.address, credentials.createInsecure(), QUICK), OPTIONS);
  try {
    await use(client);
  } finally {
    client.close();
    client.client.close();
    relay.close();
  }
}

test(`each message arrives once and in order through ${CUTS} cuts`, { skip }, async () => {
  const relay = await CuttingRelay.to(PORT);
  await through(relay, async (client) => {
    // From here on the server is known to have sessions, and is never written to before it has answered.
    const known = client.open(report);
    await known.write(1);
    await known.next();
    known.cancel();
    const stream = client.open(report);
    let answered = 0;
    const writer = (async () => {
      // As long as there are cuts to come; then the half-close.
      let written = 0;
      for (; relay.cuts < CUTS; written++) {
        await stream.write(written + 1);
        if (written % 50 === 0) {
          await delay(1);
        }
      }
      stream.end();
      return written;
    })();
    const cutter = (async () => {
      while (relay.cuts < CUTS) {
        const before = answered;
        await delay(1 + Math.random() * 20);
        // A cut without progress in between is a cut of the handshake, of which there are some as well.
        if (answered > before || Math.random() < 0.2) {
          relay.cut();
        }
      }
    })();
    for await (const receipt of stream) {
      answered++;
      assert.deepEqual(receipt, { number: answered, sum: answered });
    }
    await cutter;
    assert.equal(answered, await writer);
    assert.ok(relay.cuts >= CUTS);
  });
});

test('many streams of one channel come back together', { skip }, async () => {
  const relay = await CuttingRelay.to(PORT);
  await through(relay, async (client) => {
    const streams = Array.from({ length: 50 }, () => client.open(report));
    const echo = async (number: number): Promise<void> => {
      await Promise.all(
        streams.map(async (stream) => {
          await stream.write(number);
          assert.deepEqual((await stream.next()).value, { number, sum: number });
        }),
      );
    };
    await echo(1);
    for (let number = 2; number < 6; number++) {
      relay.cut();
      await echo(number);
    }
  });
});

test('a cancel reaches the server through a cut', { skip }, async () => {
  const relay = await CuttingRelay.to(PORT);
  await through(relay, async (client) => {
    const stream = client.open(report);
    await stream.write(1);
    await stream.next();
    relay.cut();
    stream.cancel();
    await assert.rejects(stream.next(), (error) => error instanceof StreamError && !(error instanceof LostError));
    // The client goes on until the server knows.
    while (client.openStreams > 0) {
      await delay(5);
    }
    assert.equal(stream.state, 'CLOSED');
  });
});

test('LostError and MovedError have the status UNAVAILABLE and the positions', () => {
  const positions = { processedByPeer: 3, processedHere: 2 };
  const moved = new MovedError(positions);
  assert.deepEqual([moved.code, moved.processedByPeer, moved.processedHere], [14, 3, 2]);
  assert.ok(moved instanceof StreamError && moved instanceof Error);
});
