import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LostError, SocketStream, type SocketStreamOptions, StreamError } from '../src/browser/index.js';
import { ModelGateway } from './model-gateway.js';
import { VirtualBrowser, seeded, settle } from './virtual-browser.js';

interface Numbered {
  readonly number: number;
}

/** @param pauseMillis the time for which the reader processes a message; 0 for none */
function rig(options: SocketStreamOptions = {}, seed = 1, pauseMillis = 0) {
  const gateway = new ModelGateway();
  const browser = new VirtualBrowser(seeded(seed), gateway);
  const stream = new SocketStream<Numbered, Numbered>('ws://gateway/S/M', options, browser);
  const read: number[] = [];
  const reading = (async () => {
    for await (const message of stream) {
      read.push(message.number);
      if (pauseMillis > 0) {
        await new Promise<void>((resolve) => browser.setTimer(resolve, pauseMillis));
      }
    }
  })();
  reading.catch(() => {});
  return { gateway, browser, stream, read, reading };
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

for (const keep of [true, false]) {
  test(`300 seeds of cuts, ${keep ? 'with a large' : 'with a small'} send buffer: each message once and in order, both ways`, async () => {
    let cuts = 0;
    let silences = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const random = seeded(seed);
      const { gateway, browser, stream, read, reading } = rig(keep ? {} : { sendMessages: 3, ackEvery: 2 }, seed * 7 + 1, 150);
      const writing = (async () => {
        for (const number of upTo(30)) {
          await stream.write({ number });
        }
        stream.end();
      })();
      for (let step = 0; step < 4000 && !(gateway.halfClosed && gateway.sent === 30); step++) {
        const socket = gateway.sockets[Math.floor(random() * gateway.sockets.length)];
        const dice = random();
        if (dice < 0.02) {
          cuts += gateway.sockets.some((each) => each.open && !each.gone) ? 1 : 0;
          gateway.cut();
        } else if (dice < 0.026 && read.length > 0) {
          silences++;
          gateway.silence();
        } else if (dice < 0.027) {
          gateway.beat();
        } else if (dice < 0.03) {
          browser.wake(random() < 0.5 ? 'network' : 'page');
        } else if (dice < 0.04) {
          browser.sleep(60_000);
        } else if (dice < 0.2 && gateway.sent < 30) {
          gateway.emit();
        } else if (dice < 0.4) {
          await browser.pass(100);
        } else if (socket !== undefined) {
          gateway.accept(socket);
          if (dice < 0.7) gateway.read(socket);
          else gateway.deliver(socket);
        }
        await settle();
      }
      gateway.finish({});
      for (let i = 0; i < 100 && stream.state !== 'closed'; i++) {
        gateway.flush();
        await browser.pass(1_000);
      }
      assert.equal(stream.state, 'closed', `seed ${seed}`);
      await browser.pass(30 * 150);
      await reading;
      await writing;
      assert.deepEqual(read, upTo(30), `seed ${seed}`);
      assert.deepEqual(gateway.got.map((text) => (JSON.parse(text) as Numbered).number), upTo(30), `seed ${seed}`);
      assert.equal((await stream.status).code, 0);
      assert.equal(browser.listeners + browser.pendingTimers, 0, `seed ${seed}: listeners and timers are left`);
    }
    assert.ok(cuts > 300 && silences > 30, `cuts: ${cuts}, silences: ${silences}`);
  });
}

test('a page that wakes tries at once', async () => {
  const { gateway, browser, stream } = rig({ backoffBaseMillis: 600_000, backoffCapMillis: 600_000 });
  gateway.flush();
  assert.equal(stream.state, 'open');
  gateway.cut();
  await browser.pass(1);
  assert.equal(stream.state, 'connecting');
  assert.equal(gateway.connections, 1);
  browser.wake('page');
  gateway.flush();
  assert.equal(stream.state, 'open');
  assert.equal(gateway.connections, 2);
  stream.cancel();
});

test('a connection is replaced when the network changes, or it was silent while the page slept', async () => {
  const { gateway, browser, stream } = rig({ suspectMillis: 15_000 });
  gateway.flush();
  browser.wake('page');
  assert.equal(gateway.connections, 1);
  browser.sleep(15_000);
  browser.wake('page');
  assert.equal(gateway.connections, 2);
  gateway.flush();
  browser.wake('network');
  assert.equal(gateway.connections, 3);
  stream.cancel();
});

/** Passes time before a gateway that sends heartbeats. */
async function passBeating(gateway: ModelGateway, browser: VirtualBrowser, millis: number): Promise<void> {
  for (let left = millis; left > 0; left -= 15_000) {
    await browser.pass(15_000);
    gateway.beat();
    gateway.flush();
  }
}

test('a path that went silent is left after the timeout, on a page that is awake: each message once', async () => {
  const { gateway, browser, stream, read } = rig({ heartbeatTimeoutMillis: 30_000 });
  gateway.flush();
  gateway.emit();
  await stream.write({ number: 1 });
  gateway.flush();
  gateway.silence();
  gateway.emit();
  await stream.write({ number: 2 });
  await browser.pass(29_999);
  assert.equal(gateway.connections, 1);
  await browser.pass(1 + 500);
  assert.equal(gateway.connections, 2);
  gateway.flush();
  await settle();
  assert.deepEqual(read, [1, 2]);
  assert.deepEqual(gateway.got, ['{"number":1}', '{"number":2}']);
  stream.cancel();
  assert.equal(browser.pendingTimers, 0);
});

test('heartbeats keep a quiet stream on its connection, and are no messages', async () => {
  const { gateway, browser, stream } = rig();
  gateway.flush();
  await passBeating(gateway, browser, 3_600_000);
  assert.equal(gateway.connections, 1);
  assert.equal(stream.positions.received, 0);
  stream.cancel();
});

test('before a gateway that knows no heartbeats a quiet stream keeps its connection', async () => {
  const { gateway, browser, stream } = rig();
  gateway.protocols = ['grpc+json'];
  gateway.cut();
  await browser.pass(500);
  gateway.flush();
  assert.equal(stream.state, 'open');
  await browser.pass(3_600_000);
  assert.equal(gateway.connections, 2);
  stream.cancel();
});

test('a timer that ran late lets what arrived be heard first, and grants one more interval', async () => {
  const { gateway, browser, stream } = rig();
  gateway.flush();
  for (let i = 0; i < 10; i++) {
    browser.sleep(60_000);
    await browser.pass(1_000);
    assert.equal(gateway.connections, 1);
    gateway.beat();
    gateway.flush();
  }
  gateway.silence();
  browser.sleep(60_000);
  await browser.pass(1);
  assert.equal(stream.state, 'open');
  browser.sleep(60_000);
  await browser.pass(1);
  assert.equal(stream.state, 'connecting');
  stream.cancel();
});

test('a message that takes longer than the timeout gets twice the time on each further connection', async () => {
  const { gateway, browser, stream, read } = rig();
  const attached = (): void => {
    const socket = gateway.sockets.at(-1);
    assert.ok(socket);
    gateway.accept(socket);
    gateway.deliver(socket);
  };
  attached();
  gateway.emit();
  const starts: number[] = [];
  for (let count = 2; count <= 8; count++) {
    const from = browser.now();
    for (; gateway.connections < count; attached()) {
      await browser.pass(1_000);
    }
    starts.push(Math.floor((browser.now() - from) / 40_000));
  }
  assert.deepEqual(starts, [1, 2, 4, 8, 16, 16, 16]);
  gateway.flush();
  await passBeating(gateway, browser, 15_000);
  gateway.silence();
  await browser.pass(40_000 + 500);
  assert.equal(gateway.connections, 9);
  assert.deepEqual(read, [1]);
  stream.cancel();
});

test('a closing handshake on a path that went silent ends with the timeout as well', async () => {
  const { gateway, browser, stream } = rig({ sendMessages: 1 });
  gateway.flush();
  gateway.silence();
  void stream.write({ number: 1 });
  const failed = assert.rejects(stream.write({ number: 2 }), (error: StreamError) => error.status.code === 1);
  await browser.pass(40_000 + 500);
  assert.equal(gateway.connections, 2);
  stream.cancel();
  await failed;
});

test('a stream that is not kept is lost when its path went silent', async () => {
  const { gateway, browser, stream, reading } = rig();
  gateway.kept = false;
  gateway.flush();
  await stream.write({ number: 1 });
  await browser.pass(1_000);
  const failed = assert.rejects(reading, (error: LostError) => error.kind === 'NOT_KEPT');
  gateway.silence();
  await browser.pass(40_000);
  await failed;
});

test('a session that the gateway has forgotten is lost, with the positions', async () => {
  const { gateway, browser, stream, reading } = rig();
  gateway.flush();
  gateway.emit();
  gateway.flush();
  await stream.write({ number: 1 });
  gateway.forgotten = true;
  gateway.cut();
  const failed = assert.rejects(reading, (error: LostError) => {
    assert.ok(error instanceof LostError);
    assert.equal(error.kind, 'UNKNOWN');
    assert.deepEqual(error.positions, { received: 1, arrived: 0, written: 1 });
    return true;
  });
  await browser.pass(1_000);
  gateway.flush();
  await failed;
  await assert.rejects(stream.write({ number: 2 }), LostError);
  assert.equal((await stream.status).code, 10);
});

test('a stream that was not kept is plain, and lost with its connection', async () => {
  const { gateway, browser, stream, read, reading } = rig();
  gateway.kept = false;
  gateway.flush();
  await stream.write({ number: 1 });
  gateway.flush();
  assert.equal(gateway.got.length, 0);
  await browser.pass(1_000);
  gateway.flush();
  assert.equal(gateway.got.length, 1);
  gateway.emit();
  gateway.flush();
  await settle();
  assert.deepEqual(read, [1]);
  const failed = assert.rejects(reading, (error: LostError) => error.kind === 'NOT_KEPT');
  gateway.cut();
  await failed;
});

test('no connection for the patience is a loss; the application is told before', async () => {
  const told: string[] = [];
  const { gateway, browser, reading } = rig({
    patienceMillis: 60_000,
    handshakeMillis: 1_000,
    onWaiting: (left, cause) => told.push(`${left} ${cause}`),
  });
  gateway.flush();
  gateway.cut();
  const failed = assert.rejects(reading, (error: LostError) => error.kind === 'UNREACHABLE');
  await browser.pass(2_000);
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', /^58000 /);
  await browser.pass(80_000);
  await failed;
  assert.equal(browser.pendingTimers, 0);
});

test('the end of the service as UNAVAILABLE is told once the gateway has repeated it', async () => {
  const { gateway, browser, reading } = rig();
  gateway.flush();
  gateway.finish({ code: 14, message: 'closed for today' });
  gateway.flush();
  gateway.forgotten = false;
  const failed = assert.rejects(reading, (error: StreamError) => error.status.code === 14 && error.status.message === 'closed for today');
  await browser.pass(1_000);
  const socket = gateway.sockets.at(-1);
  assert.ok(socket);
  socket.open = true;
  socket.listener.onOpen(socket.protocol);
  socket.listener.onText(JSON.stringify({ '@status': { code: 14, message: 'closed for today' } }));
  socket.listener.onClose(4014);
  await failed;
});

test('writes wait at the bound, are refused beyond 256 that wait, and fail with the stream', async () => {
  const { gateway, stream, reading } = rig({ sendMessages: 1 });
  gateway.flush();
  await stream.write({ number: 0 });
  const waiting = Array.from({ length: 256 }, (_, i) => stream.write({ number: i }));
  const failed = Promise.all(waiting.map((each) => assert.rejects(each, (error: StreamError) => error.status.code === 1)));
  await assert.rejects(stream.write({ number: 999 }), (error: StreamError) => error.status.code === 8 && /await each write/.test(error.message));
  stream.cancel();
  await failed;
  await assert.rejects(reading, (error: StreamError) => error.status.code === 1);
});

test('an aborted signal ends the stream, with its reason', async () => {
  const abort = new AbortController();
  const { gateway, reading } = rig({ signal: abort.signal });
  gateway.flush();
  const failed = assert.rejects(reading, (error: StreamError) => error.status.code === 1 && error.cause === 'enough');
  abort.abort('enough');
  await failed;
});

test('options out of their bounds are refused', () => {
  for (const options of [{ sendMessages: 0 }, { ackEvery: 1.5 }, { patienceMillis: -1 }, { backoffCapMillis: 2 ** 31 }, { heartbeatTimeoutMillis: 19_999 }]) {
    assert.throws(() => rig(options), RangeError);
  }
});
