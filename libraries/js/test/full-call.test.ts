/** A client-streaming call whose request side ends while its buffer is full, after which nothing tells that there is room again. */
import assert from 'node:assert/strict';
import { EventEmitter, on } from 'node:events';
import { test } from 'node:test';
import { Client, Metadata, Server, ServerCredentials, type ServerDuplexStream, credentials } from '@grpc/grpc-js';
import { ResumableClient } from '../src/index.js';
import { Flag, type FrameHeader, writeFrame } from '../src/wire/frame-header.js';
import { HANDSHAKE_KEY, INITIAL_CREDIT, type Welcome, readHello, writeWelcome } from '../src/wire/handshake.js';
import { OLD_TOKEN } from './handover-session.js';

const identity = (message: Buffer): Buffer => message;
const upload = {
  path: '/test.Sessions/Upload',
  requestStream: true,
  responseStream: false,
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
} as const;

type Call = ServerDuplexStream<Buffer, Buffer>;

function welcome(call: Call, watermark: number): void {
  const fields: Welcome = { token: OLD_TOKEN, watermark, low: 1, credit: 256, ttl: 60_000, ackEvery: 16, ackDelay: 5_000, spread: 0 };
  const headers = new Metadata();
  headers.set(HANDSHAKE_KEY, writeWelcome(fields));
  call.sendMetadata(headers);
}

function say(call: Call, fields: Partial<FrameHeader>, body: string): void {
  const { tag } = readHello(call.metadata.get(HANDSHAKE_KEY)[0] as Buffer);
  const header = { tag, seq: 0, ack: 0, credit: 0, flags: 0, low: 0, status: 0, probe: 0n, ...fields };
  call.write(writeFrame(header, Buffer.from(body)));
}

test('a response is acknowledged although the request side ended with a full buffer', { timeout: 60_000 }, async () => {
  const server = new Server();
  const arrivals = new EventEmitter();
  const calls = on(arrivals, 'call') as AsyncIterator<[Call]>;
  const accept = async (): Promise<Call> => (await calls.next()).value[0] as Call;
  server.addService({ upload: { ...upload, responseStream: true } }, {
    upload: (call: Call) => {
      call.on('error', () => undefined);
      arrivals.emit('call', call);
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  const client = new ResumableClient(new Client(`127.0.0.1:${port}`, credentials.createInsecure()), { backoffBaseMillis: 1 });
  try {
    const stream = client.open(upload);
    // As many as a call takes before it says that it is full, in one turn, so that none is on its way before the half-close.
    for (let seq = 1; seq <= INITIAL_CREDIT; seq++) {
      stream.write(Buffer.from(`${seq}`)).catch(() => undefined);
    }
    stream.end();

    const first = await accept();
    let received = 0;
    first.on('data', () => received++);
    await new Promise<void>((resolve) => first.on('end', resolve));
    assert.equal(received, INITIAL_CREDIT);
    const end = INITIAL_CREDIT + 1;
    welcome(first, end);
    say(first, { seq: 1, ack: end }, 'x');
    say(first, { seq: 2, ack: end, flags: Flag.FINAL }, '');
    assert.equal(String(await stream.response()), 'x');

    const second = await accept();
    const hello = readHello(second.metadata.get(HANDSHAKE_KEY)[0] as Buffer);
    assert.equal(hello.watermark, 2);
  } finally {
    client.close();
    client.client.close();
    server.forceShutdown();
  }
});
