// The npm package grpc-web, made for browsers: Node gets XMLHttpRequest from xhr2.
'use strict';

const assert = require('assert');
const XMLHttpRequest = require('xhr2');

/** As browsers do, with the text so far in a request that goes on. */
global.XMLHttpRequest = class extends XMLHttpRequest {
  _onHttpResponseData(response, data) {
    this.responseText += data.toString('latin1');
    super._onHttpResponseData(response, data);
  }
};
const grpcWeb = require('grpc-web');
const {toBinary, fromBinary} = require('@bufbuild/protobuf');

const BYTES = Buffer.from([0, 1, 254, 255, 10, 61]).toString('base64');
const LARGE = 500_000;

module.exports = (town, create) => {
  const write = (init) => toBinary(town.ask, create(town.ask, init));
  const read = (bytes) => fromBinary(town.told, bytes);
  const method = (name, type) =>
    new grpcWeb.MethodDescriptor(`/${town.service.typeName}/${name}`, type, Object, Object, write, read);
  const host = `http://${town.address}`;

  /** All that a call of the callback kind tells. */
  const ended = (stream) =>
    new Promise((resolve) => {
      const seen = {told: [], statuses: [], errors: []};
      stream.on('data', (told) => seen.told.push(told));
      stream.on('metadata', (headers) => (seen.headers = headers));
      stream.on('status', (status) => seen.statuses.push(status));
      stream.on('error', (error) => {
        seen.errors.push(error);
        setImmediate(resolve, seen);
      });
      stream.on('end', () => setImmediate(resolve, seen));
    });

  const family = (format) => {
    const client = new grpcWeb.GrpcWebClientBase({format});
    const name = `grpc-web ${format}`;
    const say = (init, metadata = {}, which = 'Say') => {
      const unary = method(which, grpcWeb.MethodType.UNARY);
      return client.unaryCall(`${host}${unary.name}`, init, metadata, unary);
    };
    const tell = (init, metadata = {}) => {
      const stream = method('Tell', grpcWeb.MethodType.SERVER_STREAMING);
      return client.serverStreaming(`${host}${stream.name}`, init, metadata, stream);
    };
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
      assert.strictEqual(error.message, town.reason);
    };
    const checks = {
      'a call': async () => assert.strictEqual((await say({text: 'héllo'})).text, 'héllo'),
      'large messages': async () => {
        const told = await say({text: 'y'.repeat(LARGE), padding: LARGE});
        assert.deepStrictEqual([told.text.length, told.number], [LARGE, BigInt(LARGE)]);
      },
      'a failure': async () => assertReason(await failure(say({code: 5})), 5),
      'a deadline': async () => {
        // Of a deadline that has passed before it sends, this client tells nobody, and waits for ever.
        const error = await failure(say({text: 'sleep'}, {deadline: `${Date.now() + 5000}`}));
        assert.strictEqual(error.code, 4, error.message);
      },
      'metadata': async () => {
        const unary = method('Say', grpcWeb.MethodType.UNARY);
        const metadata = {'x-text': 'blue', 'x-bytes-bin': BYTES};
        const seen = await ended(client.rpcCall(`${host}${unary.name}`, {text: 'x'}, metadata, unary, () => {}));
        assert.strictEqual(seen.headers['x-text'], 'blue');
        assert.strictEqual(seen.headers['x-bytes-bin'].replace(/=+$/, ''), BYTES.replace(/=+$/, ''));
      },
      'a method that is not there': async () => {
        assert.strictEqual((await failure(say({}, {}, 'Absent'))).code, 12);
      },
    };
    if (format === 'text') {
      // The package reads streams in this format only.
      checks['a server stream'] = async () => {
        const seen = await ended(tell({text: 'a', count: 500}));
        assert.deepStrictEqual(seen.errors, []);
        assert.strictEqual(seen.told.length, 500);
        assert.strictEqual(seen.statuses[0].code, 0);
      };
      checks['a stream that fails late'] = async () => {
        const seen = await ended(tell({text: 'a', count: 3, code: 15}));
        assert.strictEqual(seen.told.length, 3);
        assertReason(seen.errors[0], 15);
      };
      checks['a stream given up'] = async () => {
        const text = `${name} stream`;
        const stream = tell({text, count: -1});
        await new Promise((resolve) => stream.on('data', resolve));
        stream.cancel();
        await say({text}, {}, 'GivenUp');
      };
    }
    return {checks, close: () => {}};
  };
  return {'grpc-web text': family('text'), 'grpc-web binary': family('binary')};
};
