// Connect's client for Node with each of its transports: Connect itself, gRPC-Web and gRPC.
'use strict';

const assert = require('assert');
const {Code, ConnectError, createClient} = require('@connectrpc/connect');
const {
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} = require('@connectrpc/connect-node');

const BYTES = Buffer.from([0, 1, 254, 255, 10, 61]);
const LARGE = 1_000_000;
// In base64 below what a gateway takes as the first line of HTTP/1.1.
const LARGE_QUERY = 4_000;

async function collect(stream) {
  const all = [];
  for await (const each of stream) {
    all.push(each);
  }
  return all;
}

async function* messages(...texts) {
  for (const text of texts) {
    yield {text};
  }
}

/** The ConnectError of a call that must fail. */
async function failure(call) {
  try {
    await call;
  } catch (error) {
    assert(error instanceof ConnectError, `a ConnectError: ${error}`);
    return error;
  }
  throw new Error('the call did not fail');
}

function assertReason(town, error, code) {
  assert.strictEqual(Code[error.code], Code[code], error.message);
  assert.strictEqual(error.rawMessage, town.reason);
  const [detail] = error.details;
  assert.strictEqual(detail.type, 'google.rpc.ErrorInfo');
  assert(Buffer.from(detail.value).includes('GONE'), 'the bytes of the detail');
}

function assertMirrored(headers, prefix) {
  assert.strictEqual(headers.get(`${prefix}text`), 'blue');
  assert.deepStrictEqual(Buffer.from(headers.get(`${prefix}bytes-bin`), 'base64'), BYTES);
}

const metadata = () => ({'x-text': 'blue', 'x-bytes-bin': BYTES.toString('base64').replace(/=+$/, '')});

function unary(town, client, large) {
  return {
    'a call': async () => {
      assert.strictEqual((await client.say({text: 'héllo'})).text, 'héllo');
    },
    'large messages': async () => {
      const told = await client.say({text: 'y'.repeat(large), padding: LARGE});
      assert.strictEqual(told.text.length, LARGE);
      assert.strictEqual(told.number, BigInt(large));
    },
    'metadata': async () => {
      const seen = {};
      await client.say({text: 'x'}, {
        headers: metadata(),
        onHeader: (headers) => (seen.headers = headers),
        onTrailer: (trailers) => (seen.trailers = trailers),
      });
      assertMirrored(seen.headers, 'x-');
      assertMirrored(seen.trailers, 'x-end-');
    },
    'a failure': async () => {
      for (const code of [Code.NotFound, Code.Unavailable, Code.Unauthenticated, Code.DataLoss]) {
        assertReason(town, await failure(client.say({code})), code);
      }
      const error = await failure(client.say({code: Code.Aborted}, {headers: metadata()}));
      assert.strictEqual(error.metadata.get('x-end-text'), 'blue');
    },
    'a deadline': async () => {
      const error = await failure(client.say({text: 'sleep'}, {timeoutMs: 100}));
      assert.strictEqual(error.code, Code.DeadlineExceeded, error.message);
    },
    'a large header': async () => {
      const error = await failure(client.say({text: 'x'}, {headers: {'x-large': 'z'.repeat(20_000)}}));
      // gRPC has a status for it; HTTP's 431 is unknown to all three.
      assert([Code.ResourceExhausted, Code.Unknown].includes(error.code), error.message);
      assert.strictEqual((await client.say({text: 'after'})).text, 'after');
    },
  };
}

function streams(town, client, name, http) {
  const checks = {
    'a server stream': async () => {
      const told = await collect(client.tell({text: 'a', count: 1_000}));
      assert.deepStrictEqual(told.map((each) => Number(each.number)), Array.from({length: 1_000}, (_, i) => i + 1));
    },
    'an empty stream': async () => {
      assert.deepStrictEqual(await collect(client.tell({text: 'a'})), []);
    },
    'a stream with metadata': async () => {
      const seen = {};
      await collect(client.tell({text: 'a', count: 2}, {
        headers: metadata(),
        onHeader: (headers) => (seen.headers = headers),
        onTrailer: (trailers) => (seen.trailers = trailers),
      }));
      assertMirrored(seen.headers, 'x-');
      assertMirrored(seen.trailers, 'x-end-');
    },
    'a stream that fails at once': async () => {
      assertReason(town, await failure(collect(client.tell({code: Code.Aborted}))), Code.Aborted);
    },
    'a stream that fails late': async () => {
      const seen = [];
      const error = await failure((async () => {
        for await (const each of client.tell({text: 'a', count: 3, code: Code.DataLoss})) {
          seen.push(each);
        }
      })());
      assert.strictEqual(seen.length, 3);
      assertReason(town, error, Code.DataLoss);
    },
    'a stream given up': async () => {
      const text = `${name} stream`;
      const abort = new AbortController();
      const error = await failure((async () => {
        for await (const each of client.tell({text, count: -1}, {signal: abort.signal})) {
          assert.strictEqual(each.text, text);
          abort.abort();
        }
      })());
      assert.strictEqual(error.code, Code.Canceled, error.message);
      assert.strictEqual((await client.givenUp({text})).text, text);
    },
    'a stream past its deadline': async () => {
      const error = await failure(collect(client.tell({text: `${name} late`, count: -1}, {timeoutMs: 200})));
      assert.strictEqual(error.code, Code.DeadlineExceeded, error.message);
    },
    'a call given up': async () => {
      const text = `sleep ${name}`;
      const abort = new AbortController();
      const call = failure(client.say({text}, {signal: abort.signal}));
      await client.givenUp({text: `begun ${text}`});
      abort.abort();
      const error = await call;
      assert.strictEqual(error.code, Code.Canceled, error.message);
      await client.givenUp({text});
    },
    'a client stream': async () => {
      const told = await client.sum(messages('a', 'b', 'c'));
      assert.deepStrictEqual([told.text, told.number], ['abc', 3n]);
    },
    'a client stream of large messages': async () => {
      const told = await client.sum(messages(...Array(8).fill('v'.repeat(LARGE / 4))));
      assert.strictEqual(told.text.length, LARGE * 2);
    },
  };
  if (http === '2') {
    checks['both ways at once'] = async () => {
      let next;
      const turns = async function* () {
        for (let i = 0; i < 5; i++) {
          const turn = new Promise((resolve) => (next = resolve));
          yield {text: `turn ${i}`};
          await turn;
        }
      };
      const seen = [];
      for await (const each of client.talk(turns())) {
        seen.push(each.text);
        next();
      }
      assert.strictEqual(seen.length, 5);
      assert.strictEqual(seen[4], 'turn 4');
    };
  }
  return checks;
}

/** What a client that compresses is told: it works, or it is said that it can't be done. */
function compressed(make, mayBeRefused) {
  return {
    'compressed requests': async () => {
      const {client, close} = make({sendCompression: compressionGzip, compressMinBytes: 0});
      try {
        assert.strictEqual((await client.say({text: 'zip', padding: 0})).text, 'zip');
        assert.strictEqual((await collect(client.tell({text: 'zip', count: 2}))).length, 2);
      } catch (error) {
        assert(mayBeRefused && error.code === Code.Unimplemented, error.message);
      } finally {
        close();
      }
    },
  };
}

module.exports = (town) => {
  const clients = {};
  const add = (protocol, createTransport, http, more, mayBeRefused) => {
    const managers = [];
    const make = (options) => {
      const {Http2SessionManager} = require('@connectrpc/connect-node');
      const base = {baseUrl: `http://${town.address}`, httpVersion: http, ...more, ...options};
      if (http === '2') {
        base.sessionManager = new Http2SessionManager(base.baseUrl);
        managers.push(base.sessionManager);
      }
      return {
        client: createClient(town.service, createTransport(base)),
        close: () => base.sessionManager && base.sessionManager.abort(),
      };
    };
    const format = more.useHttpGet ? ' GET' : more.useBinaryFormat === false ? ' JSON' : '';
    const name = `${protocol}${format} HTTP/${http}`;
    const {client} = make({});
    const checks = unary(town, client, more.useHttpGet ? LARGE_QUERY : LARGE);
    if (!more.useHttpGet) {
      Object.assign(checks, streams(town, client, name, http), compressed(make, mayBeRefused));
    }
    clients[name] = {checks, close: () => managers.forEach((manager) => manager.abort())};
  };
  for (const http of ['1.1', '2']) {
    add('Connect', createConnectTransport, http, {useBinaryFormat: true}, true);
    add('Connect', createConnectTransport, http, {useBinaryFormat: false}, true);
    add('Connect', createConnectTransport, http, {useHttpGet: true}, true);
    // Its messages are forwarded, so that JSON in them is for servers that know it; grpc-java doesn't.
    add('gRPC-Web of Connect', createGrpcWebTransport, http, {}, true);
  }
  add('gRPC of Connect', createGrpcTransport, '2', {}, false);
  return clients;
};
