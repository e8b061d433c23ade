/** A call that waits for its connection while the machine sleeps: its hello says the age of the time at which it is written. */
import assert from 'node:assert/strict';
import { EventEmitter, on } from 'node:events';
import { test } from 'node:test';
import { Client, InterceptingCall, type MethodDefinition, Server, ServerCredentials, type ServerDuplexStream, credentials } from '@grpc/grpc-js';
import { ResumableClient } from '../src/index.js';
import { HANDSHAKE_KEY, type Hello, readHello } from '../src/wire/handshake.js';
import { CuttingRelay } from './cutting-relay.js';

const HOUR_MILLIS = 3_600_000;
const identity = (message: Buffer): Buffer => message;
const talk: MethodDefinition<Buffer, Buffer> = {
  path: '/test.Sessions/Talk',
  requestStream: true,
  responseStream: true,
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
};

interface Arrival {
  readonly hello: Hello;
  /** The call's first message. */
  readonly message: Promise<Buffer>;
}

/** A server that answers nothing, and its calls one by one. */
async function serve(): Promise<{ server: Server; port: number; calls: AsyncIterator<[Arrival]> }> {
  const server = new Server();
  const arrivals = new EventEmitter();
  server.addService(
    { talk },
    {
      talk: (call: ServerDuplexStream<Buffer, Buffer>) => {
        call.on('error', () => undefined);
        const message = new Promise<Buffer>((received) => call.once('data', received));
        arrivals.emit('call', { hello: readHello(call.metadata.get(HANDSHAKE_KEY)[0] as Buffer), message });
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { server, port, calls: on(arrivals, 'call') as AsyncIterator<[Arrival]> };
}

async function next(calls: AsyncIterator<[Arrival]>): Promise<Arrival> {
  return (await calls.next()).value[0] as Arrival;
}

test('a hello says the age of its writing', async (t) => {
  const { server, port, calls } = await serve();
  let relay = await CuttingRelay.to(port);
  const { address } = relay;
  let begun = 0;
  let beginsAgain = (): void => undefined;
  const second = new Promise<void>((resolve) => (beginsAgain = resolve));
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.initial_reconnect_backoff_ms': 100,
    interceptors: [
      (options, nextCall) => {
        begun += 1;
        if (begun === 2) {
          beginsAgain();
        }
        return new InterceptingCall(nextCall(options));
      },
    ],
  });
  const streams = new ResumableClient(client, { backoffBaseMillis: 1 });
  const stream = streams.open(talk);
  try {
    await stream.write(Buffer.from('word'));
    const first = await next(calls);
    assert.equal(first.hello.age, 0);
    await first.message;
    relay.close();
    // The call has no connection to get, and its metadata by the time that this function goes on.
    await second;
    const realNow = Date.now;
    t.mock.method(Date, 'now', () => realNow() + HOUR_MILLIS);
    relay = await CuttingRelay.to(port, Number(address.split(':')[1]));
    const { age } = (await next(calls)).hello;
    assert.ok(age >= HOUR_MILLIS, `age: ${age} ms (expected: >= ${HOUR_MILLIS})`);
  } finally {
    streams.close();
    client.close();
    relay.close();
    server.forceShutdown();
  }
});
