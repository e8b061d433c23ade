// A client of xDS made with grpc-js, for Holdfast's tests: steady calls whose answers are names.
//
//   caller.js TARGET CALLS_PER_SECOND
//
// prints "first <name>" at the first answer of each name and "failed <code> <details>" for each call
// that fails, and obeys the lines on stdin:
//
//   count                prints "counts <name>=<answers> .." of the time since the last one
//   header <name> <text> sends it with every call from now on
//   method <path>        calls this method from now on
//
// It ends with its stdin and prints "ended <answered> <failed>".
'use strict';

const readline = require('readline');
const grpc = require('@grpc/grpc-js');
// All that xDS asks for in a program of Node.
require('@grpc/grpc-js-xds').register();

const PATIENCE_MS = 60_000;
const [target, rate] = [process.argv[2], Number(process.argv[3])];
if (process.argv[2] === 'version') {
  console.log('grpc-js', require('@grpc/grpc-js/package.json').version);
  process.exit(0);
}
if (!target || !(rate > 0)) {
  console.error('usage: caller.js TARGET CALLS_PER_SECOND');
  process.exit(2);
}

const client = new grpc.Client(target, grpc.credentials.createInsecure());
const metadata = new grpc.Metadata();
const seen = new Set();
let method = '/holdfast.interop.Names/Who';
let counts = new Map();
let answered = 0;
let failed = 0;
let underWay = 0;

const pass = (bytes) => bytes;

function call() {
  underWay++;
  const options = {deadline: Date.now() + PATIENCE_MS};
  client.makeUnaryRequest(method, pass, pass, Buffer.alloc(0), metadata, options, (error, answer) => {
    underWay--;
    if (error) {
      failed++;
      console.log('failed', grpc.status[error.code], error.details);
      return;
    }
    answered++;
    const name = answer.toString();
    counts.set(name, (counts.get(name) || 0) + 1);
    if (!seen.has(name)) {
      seen.add(name);
      console.log('first', name);
    }
  });
}

// Timers drift; what is due is counted.
const start = process.hrtime.bigint();
let made = 0;
const timer = setInterval(() => {
  const due = (Number(process.hrtime.bigint() - start) / 1e9) * rate;
  for (; made < due; made++) {
    call();
  }
}, Math.max(1, 1000 / rate));

function end() {
  if (underWay > 0) {
    setTimeout(end, 10);
    return;
  }
  console.log('ended', answered, failed);
  process.exit(0);
}

readline
  .createInterface({input: process.stdin})
  .on('line', (line) => {
    const [order, name, ...text] = line.split(' ');
    if (order === 'count') {
      console.log(['counts', ...[...counts].map(([who, times]) => `${who}=${times}`)].join(' '));
      counts = new Map();
    } else if (order === 'header') {
      metadata.set(name, text.join(' '));
    } else if (order === 'method') {
      method = name;
    } else {
      console.log('unknown', line);
    }
  })
  .on('close', () => {
    clearInterval(timer);
    end();
  });
