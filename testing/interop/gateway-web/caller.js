// Clients that others wrote, against a gateway before the service of talks.proto.
//
//   caller.js HOST:PORT DESCRIPTORS    DESCRIPTORS is a FileDescriptorSet with holdfast.bench.clients.Talks
//
// prints a line per check, "ok NAME" or "FAILED NAME: why", and at the end "N ok, M failed"; exit code 1
// when one failed. Clients work side by side, the checks of each one after the other.
'use strict';

const fs = require('fs');

if (process.argv[2] === 'version') {
  for (const name of ['@grpc/grpc-js', 'grpc-web', '@connectrpc/connect-node']) {
    const file = require.resolve.paths(name).map((path) => `${path}/${name}/package.json`).find(fs.existsSync);
    console.log(name, JSON.parse(fs.readFileSync(file)).version);
  }
  process.exit(0);
}

const {create, createFileRegistry, fromBinary} = require('@bufbuild/protobuf');
const {FileDescriptorSetSchema} = require('@bufbuild/protobuf/wkt');

const PATIENCE_MS = 120_000;
const [address, descriptors] = process.argv.slice(2);
if (!address || !descriptors) {
  console.error('usage: caller.js HOST:PORT DESCRIPTORS');
  process.exit(2);
}

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, fs.readFileSync(descriptors)));
const town = {
  address,
  service: registry.getService('holdfast.bench.clients.Talks'),
  ask: registry.getMessage('holdfast.bench.clients.Ask'),
  told: registry.getMessage('holdfast.bench.clients.Told'),
  reason: 'kein Käse: 100 %,\n日本',
};

let ok = 0;
let failed = 0;

async function check(name, work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing for ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  try {
    await Promise.race([work(), late]);
    ok++;
    console.log('ok', name);
  } catch (error) {
    failed++;
    console.log(`FAILED ${name}: ${error && error.stack ? error.stack : error}`);
  } finally {
    clearTimeout(timer);
  }
}

async function family(name, client) {
  for (const [what, work] of Object.entries(client.checks)) {
    await check(`${name}: ${what}`, work);
  }
  client.close();
}

const clients = {
  ...require('./connect.js')(town),
  ...require('./native.js')(town, create),
  ...require('./web.js')(town, create),
};
Promise.all(Object.entries(clients).map(([name, client]) => family(name, client))).then(() => {
  console.log(`${ok} ok, ${failed} failed`);
  process.exit(failed ? 1 : 0);
});
