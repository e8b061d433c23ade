import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  Client,
  type MethodDefinition,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerWritableStream,
  credentials,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { ResumableClient, type ResumableOptions, StreamError, resumableMethods } from '../src/index.js';
import { CuttingRelay } from './cutting-relay.js';

const text = (bytes: Buffer): string => bytes.toString();
const bytes = (message: string): Buffer => Buffer.from(message);
const method = (name: string): MethodDefinition<string, string> & { requestStream: true; responseStream: true } => ({
  path: `/test.Plain/${name}`,
  requestStream: true,
  responseStream: true,
  requestSerialize: bytes,
  requestDeserialize: text,
  responseSerialize: bytes,
  responseDeserialize: text,
});
const service = {
  echo: method('Echo'),
  collect: method('Collect'),
  refuse: method('Refuse'),
  list: { ...method('List'), requestStream: false as const },
  count: { ...method('Count'), responseStream: false as const },
};

/** A server of grpc-js without sessions. */
const server = new Server();
let port = 0;

before(async () => {
  server.addService(service, {
    echo: (call: ServerDuplexStream<string, string>) => {
      call.on('data', (message: string) => call.write(message.slice(-4)));
      call.on('end', () => call.end());
      call.on('error', () => undefined);
    },
    // Says nothing until its client half-closes.
    collect: (call: ServerDuplexStream<string, string>) => {
      const all: string[] = [];
      call.on('data', (message: string) => all.push(message));
      call.on('end', () => {
        call.write(`${all.length}`);
        call.end();
      });
    },
    list: (call: ServerWritableStream<string, string>) => {
      for (let i = 1; i <= 40; i++) {
        call.write(`${call.request.slice(-4)} ${i}`);
      }
      call.end();
    },
    count: (call: ServerReadableStream<string, string>, respond: sendUnaryData<string>) => {
      let count = 0;
      call.on('data', () => count++);
      call.on('end', () => respond(null, `${count}`));
    },
    refuse: (call: ServerDuplexStream<string, string>) => {
      const metadata = new Metadata();
      metadata.set('reason', 'tired');
      call.emit('error', { code: status.FAILED_PRECONDITION, details: 'not now', metadata });
    },
  });
  port = await new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
});
after(() => server.forceShutdown());

async function withClient(
  options: ResumableOptions,
  use: (client: ResumableClient) => Promise<void>,
  address = `127.0.0.1:${port}`,
): Promise<void> {
  const client = new ResumableClient(new Client(address, credentials.createInsecure()), options);
  try {
    await use(client);
  } finally {
    client.close();
    client.client.close();
  }
}

for (const firstMessage of ['at-once', 'after-welcome'] as const) {
  test(`runs as plain gRPC, with the first message ${firstMessage}`, () =>
    withClient({ firstMessage, assumePlainMillis: 50 }, async (client) => {
      const stream = resumableMethods(service, client).echo();
      for (let i = 0; i < 5; i++) {
        await stream.write(`message ${1000 + i}`);
        assert.deepEqual(await stream.next(), { done: false, value: `${1000 + i}` });
      }
      stream.end();
      assert.deepEqual(await stream.next(), { done: true, value: undefined });
      assert.equal((await stream.status).code, status.OK);
    }));
}

test('sends all to a plain server that is silent until the half-close', () =>
  withClient({ assumePlainMillis: 50, handshakeMillis: 100, sendMessages: 30 }, async (client) => {
    const stream = client.open(service.collect);
    for (let i = 0; i < 200; i++) {
      await stream.write(`message ${i}`);
    }
    stream.end();
    const all: string[] = [];
    for await (const message of stream) {
      all.push(message);
    }
    assert.deepEqual(all, ['200']);
  }));

for (const times of ['unknown', 'known']) {
  test(`methods in one direction of a plain server that is ${times}`, () =>
    withClient({}, async (client) => {
      const methods = resumableMethods(service, client);
      for (let i = 0; i < (times === 'known' ? 2 : 1); i++) {
        const began = performance.now();
        const all: string[] = [];
        for await (const message of methods.list('ping')) {
          all.push(message);
        }
        assert.deepEqual(all, Array.from({ length: 40 }, (_, index) => `ping ${index + 1}`));
        const upload = methods.count();
        for (let message = 0; message < 300; message++) {
          await upload.write(`message ${message}`);
        }
        upload.end();
        assert.equal(await upload.response(), '300');
        // Nobody waits for a welcome: the request side ends at once.
        assert.ok(performance.now() - began < (times === 'known' ? 5_000 : 10_000));
      }
    }));
}

test('throws the status of a plain server, with its trailers', () =>
  withClient({}, async (client) => {
    const stream = client.open(service.refuse);
    await assert.rejects(stream.next(), (error) => {
      assert.ok(error instanceof StreamError);
      assert.equal(error.code, status.FAILED_PRECONDITION);
      assert.equal(error.details, 'not now');
      assert.deepEqual(error.metadata.get('reason'), ['tired']);
      return true;
    });
    await assert.rejects(stream.write('late'), StreamError);
    assert.equal((await stream.status).code, status.FAILED_PRECONDITION);
  }));

test('throws UNIMPLEMENTED for a method that nobody has', () =>
  withClient({}, async (client) => {
    await assert.rejects(client.open(method('Nobody')).next(), { code: status.UNIMPLEMENTED });
  }));

test('ends with UNAVAILABLE when the connection to a plain server is cut', async () => {
  const relay = await CuttingRelay.to(port);
  await withClient(
    {},
    async (client) => {
      const stream = client.open(service.echo);
      await stream.write('ping');
      assert.equal((await stream.next()).value, 'ping');
      relay.cut();
      await assert.rejects(stream.next(), { code: status.UNAVAILABLE });
    },
    relay.address,
  );
  relay.close();
});

test('waits for a server that is not there yet', async () => {
  const relay = await CuttingRelay.to(port);
  const { address } = relay;
  relay.close();
  const options = { 'grpc.initial_reconnect_backoff_ms': 100 };
  const client = new ResumableClient(new Client(address, credentials.createInsecure(), options));
  const stream = client.open(service.echo);
  await stream.write('ping');
  const answer = stream.next();
  // The first attempt fails, and came to no server.
  while (stream.state === 'OPENING') {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const again = await CuttingRelay.to(port, Number(address.split(':')[1]));
  assert.equal((await answer).value, 'ping');
  stream.cancel();
  client.close();
  client.client.close();
  again.close();
});

test('is cancelled by a signal, whose reason is the cause', () =>
  withClient({}, async (client) => {
    const abort = new AbortController();
    const stream = client.open(service.echo, { signal: abort.signal });
    const next = stream.next();
    abort.abort('enough');
    await assert.rejects(next, (error) => {
      assert.ok(error instanceof StreamError);
      assert.equal(error.code, status.CANCELLED);
      assert.equal(error.cause, 'enough');
      return true;
    });
    await assert.rejects(client.open(service.echo, { signal: abort.signal }).next(), { code: status.CANCELLED });
  }));

test('is cancelled when its reader leaves the loop', () =>
  withClient({}, async (client) => {
    const stream = client.open(service.echo);
    await stream.write('ping');
    for await (const message of stream) {
      assert.equal(message, 'ping');
      break;
    }
    assert.equal((await stream.status).code, status.CANCELLED);
  }));

test('ends with DEADLINE_EXCEEDED', () =>
  withClient({}, async (client) => {
    const stream = client.open(service.collect, { deadline: Date.now() + 50 });
    await assert.rejects(stream.next(), { code: status.DEADLINE_EXCEEDED });
  }));

test('says what is wrong with its use', () =>
  withClient({}, async (client) => {
    const stream = client.open(service.echo);
    const first = stream.next();
    await assert.rejects(stream.next(), { message: /one at a time/ });
    stream.end();
    await assert.rejects(stream.write('late'), { message: /write after end/ });
    assert.equal((await first).done, true);
    const unary = { ...service.echo, requestStream: false, responseStream: false };
    assert.throws(() => client.open(unary), { message: 'method: /test.Plain/Echo (expected: a stream, in one direction or both)' });
    assert.throws(() => new ResumableClient(client.client, { ackEvery: 0 }), { message: 'ackEvery: 0 (expected: 1 to 65536)' });
  }));

test('refuses writes that nobody awaits', () =>
  withClient({ sendMessages: 2, handshakeMillis: 60_000, assumePlainMillis: 60_000 }, async (client) => {
    const stream = client.open(service.collect);
    const writes = Array.from({ length: 400 }, (_, i) => stream.write(`${i}`));
    stream.status.then(() => undefined);
    const [last] = await Promise.allSettled(writes.slice(-1));
    assert.match(String(last?.status === 'rejected' && last.reason), /RESOURCE_EXHAUSTED: 256 writes wait/);
    stream.cancel();
    await Promise.allSettled(writes);
  }));
