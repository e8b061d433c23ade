// grpc-js: gRPC itself, whose frames the gateway forwards.
'use strict';

const assert = require('assert');
const grpc = require('@grpc/grpc-js');
const {toBinary, fromBinary} = require('@bufbuild/protobuf');

const BYTES = Buffer.from([0, 1, 254, 255, 10, 61]);
const LARGE = 3_000_000;

module.exports = (town, create) => {
  const path = (name) => `/${town.service.typeName}/${name}`;
  const write = (init) => Buffer.from(toBinary(town.ask, create(town.ask, init)));
  const read = (bytes) => fromBinary(town.told, bytes);
  const open = (options) => new grpc.Client(town.address, grpc.credentials.createInsecure(), options);

  const metadata = () => {
    const all = new grpc.Metadata();
    all.set('x-text', 'blue');
    all.set('x-bytes-bin', BYTES);
    return all;
  };
  const assertMirrored = (all, prefix) => {
    assert.deepStrictEqual(all.get(`${prefix}text`), ['blue']);
    assert.deepStrictEqual(all.get(`${prefix}bytes-bin`), [BYTES]);
  };

  /** The answer, headers and trailers of a call with one request and one answer. */
  const say = (client, init, headers = new grpc.Metadata(), options = {}, method = 'Say') =>
    new Promise((resolve, reject) => {
      const seen = {};
      const call = client.makeUnaryRequest(path(method), write, read, init, headers, options, (error, told) => {
        seen.told = told;
        seen.error = error;
      });
      call.on('metadata', (headers) => (seen.headers = headers));
      call.on('status', (status) => {
        seen.trailers = status.metadata;
        setImmediate(() => (seen.error ? reject(seen.error) : resolve(seen)));
      });
    });
  const tell = (client, init, options = {}) =>
    client.makeServerStreamRequest(path('Tell'), write, read, init, new grpc.Metadata(), options);
  const end = (stream, seen = []) =>
    new Promise((resolve, reject) => {
      stream.on('data', (told) => seen.push(told));
      stream.on('error', reject);
      stream.on('end', () => resolve(seen));
    });
  const failure = async (work) => {
    try {
      await work;
    } catch (error) {
      return error;
    }
    throw new Error('the call did not fail');
  };
  const assertReason = (error, code) => {
    assert.strictEqual(error.code, code, error.message);
    assert.strictEqual(error.details, town.reason);
    assert(error.metadata.get('grpc-status-details-bin')[0].includes('GONE'), 'details');
  };

  const checks = (client, name) => ({
    'a call': async () => {
      assert.strictEqual((await say(client, {text: 'héllo'})).told.text, 'héllo');
    },
    'many at once': async () => {
      const all = await Promise.all(Array.from({length: 500}, (_, i) => say(client, {text: `${i}`})));
      assert.strictEqual(all.every(({told}, i) => told.text === `${i}`), true);
    },
    'metadata': async () => {
      const seen = await say(client, {text: 'x'}, metadata());
      assertMirrored(seen.headers, 'x-');
      assertMirrored(seen.trailers, 'x-end-');
    },
    'a failure': async () => {
      for (const code of [grpc.status.NOT_FOUND, grpc.status.UNAVAILABLE, grpc.status.UNAUTHENTICATED]) {
        assertReason(await failure(say(client, {code})), code);
      }
    },
    'a deadline': async () => {
      const error = await failure(say(client, {text: 'sleep'}, undefined, {deadline: Date.now() + 100}));
      assert.strictEqual(error.code, grpc.status.DEADLINE_EXCEEDED, error.message);
    },
    'large messages': async () => {
      const {told} = await say(client, {text: 'y'.repeat(LARGE), padding: LARGE});
      assert.deepStrictEqual([told.text.length, told.number], [LARGE, BigInt(LARGE)]);
    },
    'a large header': async () => {
      const large = new grpc.Metadata();
      large.set('x-large', 'z'.repeat(20_000));
      const error = await failure(say(client, {text: 'x'}, large));
      assert.strictEqual(error.code, grpc.status.RESOURCE_EXHAUSTED, error.message);
      await say(client, {text: 'after'});
    },
    'a server stream': async () => {
      assert.strictEqual((await end(tell(client, {text: 'a', count: 1_000}))).length, 1_000);
    },
    'a slow reader': async () => {
      const stream = tell(client, {text: 'a', count: 200, padding: 10_000});
      let count = 0;
      for await (const told of stream) {
        assert.strictEqual(Number(told.number), ++count);
        if (count % 20 === 0) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
      assert.strictEqual(count, 200);
    },
    'a stream that fails late': async () => {
      const seen = [];
      assertReason(await failure(end(tell(client, {count: 3, code: 15}), seen)), 15);
      assert.strictEqual(seen.length, 3);
    },
    'a stream given up': async () => {
      const text = `${name} stream`;
      const stream = tell(client, {text, count: -1});
      stream.once('data', () => stream.cancel());
      assert.strictEqual((await failure(end(stream))).code, grpc.status.CANCELLED);
      await say(client, {text}, undefined, {}, 'GivenUp');
    },
    'a client stream': async () => {
      const told = await new Promise((resolve, reject) => {
        const stream = client.makeClientStreamRequest(path('Sum'), write, read, (error, told) =>
          error ? reject(error) : resolve(told),
        );
        ['a', 'b', 'c'].forEach((text) => stream.write({text}));
        stream.end();
      });
      assert.deepStrictEqual([told.text, told.number], ['abc', 3n]);
    },
    'both ways at once': async () => {
      const stream = client.makeBidiStreamRequest(path('Talk'), write, read);
      let turn = 0;
      stream.write({text: '0'});
      stream.on('data', (told) => {
        assert.strictEqual(told.text, `${turn}`);
        turn++;
        if (turn < 5) {
          stream.write({text: `${turn}`});
        } else {
          stream.end();
        }
      });
      await end(stream);
      assert.strictEqual(turn, 5);
    },
  });
  const family = (name, options) => {
    const client = open(options);
    return {checks: checks(client, name), close: () => client.close()};
  };
  return {
    'grpc-js': family('grpc-js', {}),
    'grpc-js with gzip': family('grpc-js with gzip', {
      'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip,
    }),
    // As often as grpc-js can; the gateway lets a client ask whether it is there.
    'grpc-js with keepalive': family('grpc-js with keepalive', {
      'grpc.keepalive_time_ms': 50,
      'grpc.keepalive_timeout_ms': 60_000,
      'grpc.keepalive_permit_without_calls': 1,
    }),
  };
};
