import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventParser } from '../src/browser/event-parser.js';
import { EventStream, type EventStreamOptions, LostError, StreamError } from '../src/browser/index.js';
import type { PlatformResponse } from '../src/browser/platform.js';
import { ModelGateway, refusal } from './model-gateway.js';
import { VirtualBrowser, seeded, settle } from './virtual-browser.js';

interface Numbered {
  readonly number: number;
}

const encoder = new TextEncoder();

/** A response whose body comes in the given parts, and then breaks, or ends. */
function answer(parts: Uint8Array[], breaks = true, onRead: () => void = () => {}): () => Promise<PlatformResponse> {
  const left = [...parts];
  const read = () => {
    onRead();
    const value = left.shift();
    if (value === undefined && breaks) {
      return Promise.reject(new TypeError('network error'));
    }
    return Promise.resolve({ done: value === undefined, value });
  };
  const reader = { read, cancel: () => Promise.resolve() };
  return () => Promise.resolve({ status: 200, body: { getReader: () => reader }, text: () => Promise.resolve('') });
}

function refused(status: number, body: object = {}): () => Promise<PlatformResponse> {
  return () => Promise.resolve({ status, body: null, text: () => Promise.resolve(JSON.stringify(body)) });
}

function event(number: number): string {
  return `id: s.${number}\ndata: {"number":${number}}\n\n`;
}

function rig(answers: ModelGateway['answers'], options: EventStreamOptions = {}) {
  const gateway = new ModelGateway();
  gateway.answers = answers;
  const browser = new VirtualBrowser(seeded(1), gateway);
  const stream = new EventStream<Numbered>('http://gateway/v1/things:watch', options, browser);
  const read: number[] = [];
  const reading = (async () => {
    for await (const message of stream) {
      read.push(message.number);
    }
  })();
  reading.catch(() => {});
  return { gateway, browser, stream, read, reading };
}

async function until(browser: VirtualBrowser, over: Promise<unknown>): Promise<void> {
  let isOver = false;
  void over.finally(() => (isOver = true)).catch(() => {});
  for (let i = 0; i < 2_000 && !isOver; i++) {
    await browser.pass(1_000);
    await settle();
  }
  await over;
}

test('the parser has the same events for every cut of the bytes', () => {
  const text = ': ping\r\n\r\nid: a.1\r\ndata: ä\r\ndata:b\r\n\r\nevent: end\rdata: {}\r\rid: a.2\n\ndata: x\nretry: 5\n\n';
  const bytes = encoder.encode(text);
  const expected = [
    { name: 'message', data: 'ä\nb', id: 'a.1' },
    { name: 'end', data: '{}', id: 'a.1' },
    { name: 'message', data: 'x', id: 'a.2' },
  ];
  for (let size = 1; size <= bytes.length; size++) {
    const parser = new EventParser(100);
    const events = [];
    for (let at = 0; at < bytes.length; at += size) {
      events.push(...parser.feed(bytes.subarray(at, at + size)));
    }
    assert.deepEqual(events, expected, `parts of ${size} bytes`);
  }
});

test('the reconnection time that a gateway sends to an EventSource is ignored', async () => {
  const rest = `id: s.1\n\n${event(2)}event: end\ndata: {}\nid: s.3\n\n`;
  const { browser, read, reading } = rig([
    answer([encoder.encode(`retry: 3600000\n${event(1)}`)]),
    answer([encoder.encode(rest)]),
  ]);
  const begun = browser.now();
  await until(browser, reading);
  assert.deepEqual(read, [1, 2]);
  assert.ok(browser.now() - begun < 60_000);
});

test('200 seeds of cuts within events: each message once and in order', async () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seeded(seed);
    const total = 40;
    const next = (request: { headers: Record<string, string> }): Promise<PlatformResponse> => {
      gateway.answers.push(next);
      const after = Number((request.headers['last-event-id'] ?? 's.0').slice(2));
      if (random() < 0.2) {
        return random() < 0.5 ? refused(503)() : Promise.reject(new TypeError('Failed to fetch'));
      }
      let text = `id: s.${after}\n\n`;
      for (let number = after + 1; number <= total; number++) {
        text += event(number);
      }
      const bytes = encoder.encode(`${text}event: end\ndata: {}\nid: s.${total + 1}\n\n`);
      const cut = bytes.subarray(0, Math.floor(random() * bytes.length * 1.2));
      const parts = [];
      for (let at = 0; at < cut.length; ) {
        const size = 1 + Math.floor(random() * 60);
        parts.push(cut.subarray(at, at + size));
        at += size;
      }
      return answer(parts, random() < 0.5)();
    };
    const { gateway, browser, read, reading } = rig([]);
    gateway.answers.push(next);
    await until(browser, reading);
    assert.deepEqual(read, Array.from({ length: total }, (_, i) => i + 1), `seed ${seed}`);
    assert.equal(browser.listeners + browser.pendingTimers, 0);
  }
});

test('the request that resumes is the first one with last-event-id', async () => {
  const bytes = [encoder.encode(event(1))];
  const headers = () => ({ authorization: 'Bearer x' });
  const { gateway, browser, reading } = rig([answer(bytes), refused(204)], { body: '{"id":7}', headers });
  await until(browser, reading);
  const [first, second] = gateway.requests;
  assert.equal(first?.method, 'POST');
  assert.equal(first?.headers['last-event-id'], undefined);
  assert.deepEqual({ ...second, signal: 0 }, { ...first, signal: 0, headers: { ...first?.headers, 'last-event-id': 's.1' } });
});

test('409 is a loss that names the first message that is kept', async () => {
  const bytes = [encoder.encode(event(1))];
  const tooLate = refused(409, refusal('RESUME_TOO_LATE', { asked: '1', firstKept: '9' }));
  const { browser, reading } = rig([answer(bytes), tooLate]);
  const failed = assert.rejects(reading, (error: LostError) => {
    assert.equal(error.kind, 'TOO_LATE');
    assert.deepEqual(error.positions, { received: 1, arrived: 0, written: 0, firstKept: 9 });
    return true;
  });
  await until(browser, failed);
});

test('an error with an id of its own is that of the service; without one the gateway leaves', async () => {
  const status = 'event: error\ndata: {"code":14,"message":"closed"}\n\n';
  const leaving = answer([encoder.encode(event(1) + status)], false);
  const ending = answer([encoder.encode(`id: s.1\n\nid: s.2\n${status}`)], false);
  const { gateway, browser, reading } = rig([leaving, ending]);
  await until(browser, assert.rejects(reading, (error: StreamError) => error.status.code === 14 && error.status.message === 'closed'));
  assert.equal(gateway.requests.length, 2);
});

test('a stream without ids is lost with its connection', async () => {
  const { browser, read, reading } = rig([answer([encoder.encode('data: {"number":1}\n\n')])]);
  await until(browser, assert.rejects(reading, (error: LostError) => error.kind === 'NOT_KEPT'));
  assert.deepEqual(read, [1]);
});

test('a response is read no further than the bound ahead of the application', async () => {
  let reads = 0;
  const parts = Array.from({ length: 100 }, (_, i) => encoder.encode(event(i + 1)));
  const gateway = new ModelGateway();
  gateway.answers = [answer(parts, true, () => reads++)];
  const browser = new VirtualBrowser(seeded(1), gateway);
  const stream = new EventStream<Numbered>('http://gateway/x', { receiveMessages: 10 }, browser);
  for (let i = 0; i < 50; i++) await settle();
  assert.equal(reads, 10);
  const iterator = stream[Symbol.asyncIterator]();
  for (let i = 0; i < 5; i++) {
    assert.equal((await iterator.next()).value?.number, i + 1);
    await settle();
  }
  await settle();
  assert.ok(reads > 10 && reads <= 16, `reads: ${reads}`);
  stream.cancel();
});

/** A response whose body goes on as the test says. */
function opened() {
  let next: ((part: { done: boolean; value: Uint8Array }) => void) | undefined;
  const parts: Uint8Array[] = [];
  const send = (text: string): void => {
    parts.push(encoder.encode(text));
    next?.({ done: false, value: parts.shift() as Uint8Array });
    next = undefined;
  };
  const read = (): Promise<{ done: boolean; value: Uint8Array }> => {
    const value = parts.shift();
    return value === undefined ? new Promise((resolve) => (next = resolve)) : Promise.resolve({ done: false, value });
  };
  const reader = { read, cancel: () => Promise.resolve() };
  const response = { status: 200, body: { getReader: () => reader }, text: () => Promise.resolve('') };
  return { send, answer: (): Promise<PlatformResponse> => Promise.resolve(response) };
}

test('a response that went silent is left after the timeout, on a page that is awake', async () => {
  const silent = opened();
  const { gateway, browser, stream, read } = rig([silent.answer, answer([encoder.encode(event(2))]), refused(204)]);
  silent.send(event(1));
  await settle();
  for (let i = 0; i < 240; i++) {
    await browser.pass(15_000);
    silent.send(': ping\n\n');
    await settle();
  }
  await browser.pass(39_999);
  assert.equal(gateway.requests.length, 1);
  assert.equal(gateway.requests[0]?.signal.aborted, false);
  await browser.pass(1 + 500);
  assert.equal(gateway.requests[0]?.signal.aborted, true);
  assert.equal(gateway.requests[1]?.headers['last-event-id'], 's.1');
  await until(browser, stream.status);
  assert.deepEqual(read, [1, 2]);
  assert.equal(browser.pendingTimers, 0);
});

test('a response that is not read, since the application is slow, is not silent', async () => {
  const response = opened();
  const gateway = new ModelGateway();
  gateway.answers = [response.answer];
  const browser = new VirtualBrowser(seeded(1), gateway);
  const stream = new EventStream<Numbered>('http://gateway/x', { receiveMessages: 1 }, browser);
  await settle();
  response.send(event(1));
  await settle();
  await browser.pass(3_600_000);
  assert.equal(gateway.requests[0]?.signal.aborted, false);
  const iterator = stream[Symbol.asyncIterator]();
  await iterator.next();
  const rest = iterator.next();
  await browser.pass(39_000);
  response.send(event(2));
  assert.equal((await rest).value?.number, 2);
  stream.cancel();
  assert.equal(gateway.requests.length, 1);
});

test('a refusal whose body does not end is left like one that does not begin', async () => {
  const endless = () => Promise.resolve({ status: 503, body: null, text: () => new Promise<string>(() => {}) });
  const { gateway, browser, reading } = rig([endless, refused(204)]);
  await settle();
  await browser.pass(10_000);
  assert.equal(gateway.requests[0]?.signal.aborted, true);
  await until(browser, reading);
  assert.equal(gateway.requests.length, 2);
});

test('an event above the bound ends the stream', async () => {
  const { browser, reading } = rig([answer([encoder.encode(`data: ${'x'.repeat(200)}`)])], { maxEventChars: 100 });
  await until(browser, assert.rejects(reading, (error: StreamError) => error.status.code === 8));
});

test('other statuses of HTTP end the stream with the status in their body', async () => {
  const { browser, reading } = rig([refused(404, { code: 5, message: 'no such thing' })]);
  await until(browser, assert.rejects(reading, (error: StreamError) => error.status.code === 5));
});
