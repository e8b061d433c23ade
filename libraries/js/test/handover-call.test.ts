/** A stream over calls of grpc-js, whose server hands its session over: the values in request headers, and what the application sees. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Client,
  type MethodDefinition,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  credentials,
} from '@grpc/grpc-js';
import { MovedError, ResumableClient, type ResumableStream, type StreamOptions } from '../src/index.js';
import { Flag, type FrameHeader, readFrame, writeFrame } from '../src/wire/frame-header.js';
import { HANDSHAKE_KEY, type Hello, type Welcome, readHello, writeWelcome } from '../src/wire/handshake.js';
import { HANDOVER_KEY } from '../src/wire/session-handover.js';
import { NEXT_TOKEN, OLD_TOKEN, handoverBytes } from './handover-session.js';
import { hex } from './vectors.js';

const bytes = (text: string): Buffer => Buffer.from(text);
const identity = (message: Buffer): Buffer => message;
const list: MethodDefinition<string, string> = {
  path: '/test.Sessions/List',
  requestStream: false,
  responseStream: true,
  requestSerialize: bytes,
  requestDeserialize: String,
  responseSerialize: bytes,
  responseDeserialize: String,
};
const framed = { ...list, requestStream: true, requestSerialize: identity, requestDeserialize: identity, responseSerialize: identity };

/** A call of a server with sessions, of which the test says everything. */
class PlayedCall {
  readonly hello: Hello;
  readonly handovers: string[];
  private readonly frames: { header: FrameHeader | undefined; body: string }[] = [];
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly call: ServerDuplexStream<Buffer, Buffer>) {
    this.hello = readHello(call.metadata.get(HANDSHAKE_KEY)[0] as Buffer);
    this.handovers = call.metadata.get(HANDOVER_KEY).map((value) => hex(value as Buffer));
    call.on('data', (message: Buffer) => {
      const frame = readFrame(message);
      this.frames.push({ header: frame?.header, body: String(frame?.body ?? message) });
      this.waiting.splice(0).forEach((resume) => resume());
    });
    call.on('error', () => undefined);
  }

  welcome(fields: Partial<Welcome>): void {
    const usual = { token: OLD_TOKEN, watermark: 0, low: 1, credit: 256, ttl: 60_000, ackEvery: 1, ackDelay: 1, spread: 0 };
    const headers = new Metadata();
    headers.set(HANDSHAKE_KEY, writeWelcome({ ...usual, ...fields }));
    this.call.sendMetadata(headers);
  }

  say(fields: Partial<FrameHeader>, body: Uint8Array): void {
    const header = { tag: this.hello.tag, seq: 0, ack: 0, credit: 0, flags: 0, low: 0, status: 0, probe: 0n, ...fields };
    this.call.write(writeFrame(header, body));
  }

  end(): void {
    this.call.end();
  }

  /** The first frame that fits, once it is there. */
  async frame(fits: (header: FrameHeader) => boolean): Promise<{ header: FrameHeader | undefined; body: string }> {
    for (;;) {
      const found = this.frames.find(({ header }) => header !== undefined && fits(header));
      if (found !== undefined) {
        return found;
      }
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }
}

interface Played {
  readonly stream: ResumableStream<string, string>;
  /** The next call that arrives. */
  readonly accept: () => Promise<PlayedCall>;
}

async function played(options: StreamOptions, play: (played: Played) => Promise<void>): Promise<void> {
  const server = new Server();
  const calls: PlayedCall[] = [];
  const waiting: (() => void)[] = [];
  server.addService({ list: framed }, {
    list: (call: ServerDuplexStream<Buffer, Buffer>) => {
      calls.push(new PlayedCall(call));
      waiting.splice(0).forEach((resume) => resume());
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  const client = new ResumableClient(new Client(`127.0.0.1:${port}`, credentials.createInsecure()), { backoffBaseMillis: 1 });
  const accept = async (): Promise<PlayedCall> => {
    while (calls.length === 0) {
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    return calls.shift() as PlayedCall;
  };
  try {
    const stream = client.open(list, options);
    stream.write('request').catch(() => undefined);
    stream.end();
    await play({ stream, accept });
  } finally {
    client.close();
    client.client.close();
    server.forceShutdown();
  }
}

/** The old owner, which has sent one message and then a restart. */
async function restart({ stream, accept }: Played): Promise<Buffer> {
  const first = await accept();
  first.welcome({ watermark: 2 });
  const old = await accept();
  assert.deepEqual([first.handovers, old.handovers], [['0801'], ['0801']]);
  old.welcome({ watermark: 2 });
  old.say({ seq: 1, ack: 2 }, bytes('one'));
  const restarts = Buffer.from(handoverBytes({ position: 2, replays: 2 }));
  old.say({ seq: 2, ack: 2, flags: Flag.FINAL | Flag.MOVED, status: 14 }, restarts);
  assert.equal((await stream.next()).value, 'one');
  return restarts;
}

test('request headers show a hand-over, and the application is told between the messages of two handlers', async () => {
  const told: string[] = [];
  const metadata = new Metadata();
  // Of nobody but the client.
  metadata.set(HANDOVER_KEY, Buffer.of(1));
  await played({ metadata, onRestarted: (messages) => told.push(`restarted behind ${messages}`) }, async (play) => {
    const restarts = await restart(play);
    const next = await play.accept();
    assert.deepEqual(next.handovers, [hex(restarts)]);
    assert.deepEqual([next.hello.token.length, next.hello.untouched, next.hello.low], [0, false, 1]);
    next.welcome({ token: NEXT_TOKEN, watermark: 0, low: 3 });
    assert.equal((await next.frame(({ seq }) => seq === 1)).body, 'request');
    await next.frame(({ flags }) => (flags & Flag.HALF_CLOSE) !== 0);
    next.say({ seq: 3, ack: 2 }, bytes('one'));
    // The application still has the message of the handler before.
    assert.deepEqual(told, []);
    assert.equal((await play.stream.next()).value, 'one');
    assert.deepEqual(told, ['restarted behind 1']);
    next.say({ seq: 4, ack: 2, flags: Flag.FINAL }, new Uint8Array(0));
    assert.equal((await play.stream.next()).done, true);
    await next.frame(({ ack }) => ack === 4);
    next.end();
    assert.equal(told.length, 1);
  });
});

test('an application that waits for a message is told of a handler that begins anew when its owner has welcomed', async () => {
  const told: number[] = [];
  let tell = (): void => undefined;
  const isTold = new Promise<void>((resolve) => (tell = resolve));
  const onRestarted = (messages: number): void => {
    told.push(messages);
    tell();
  };
  await played({ onRestarted }, async (play) => {
    await restart(play);
    const waiting = play.stream.next();
    const next = await play.accept();
    assert.deepEqual(told, []);
    next.welcome({ token: NEXT_TOKEN, watermark: 0, low: 3 });
    await isTold;
    next.say({ seq: 3, ack: 2 }, bytes('one'));
    assert.equal((await waiting).value, 'one');
    assert.deepEqual(told, [1]);
  });
});

test('without the callback a handler that begins anew behind a message ends the stream as moved', async () => {
  await played({}, async (play) => {
    await restart(play);
    await assert.rejects(play.stream.next(), (error) => error instanceof MovedError && error.processedByPeer === 2);
  });
});
