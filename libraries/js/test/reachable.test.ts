/** Streams that wait between two attempts, and hear that their server welcomes others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResumeLimiter } from '../src/grpc/resume-limiter.js';
import { NEXT_TOKEN, PlayedSession } from './handover-session.js';

const SERVER = '10.0.0.1:5000';
const TOKEN = Buffer.concat([Buffer.from(SERVER), NEXT_TOKEN]);
/** How close to its last failure the next attempt may come. */
const LEAST_PAUSE = 2_000;

/** Its attempts came to nothing for so long that the next one is due in 16 s. */
function afterAnOutage(): PlayedSession {
  const played = new PlayedSession();
  played.welcome({ token: TOKEN, ttl: 600_000 });
  for (let failures = 0; failures < 6; failures++) {
    played.cut();
    played.awaitNext();
  }
  assert.equal(played.session.pausedFor, undefined);
  played.cut();
  assert.equal(played.session.pausedFor, SERVER);
  return played;
}

test('the next attempt is brought forward, to a pause behind the last failure', () => {
  const played = afterAnOutage();
  const failed = played.now;
  const attempts = played.all('start-call').length;
  played.now += 500;
  played.session.onReachable(played.now);
  played.drive();
  assert.equal(played.all('start-call').length, attempts);
  played.pass(LEAST_PAUSE - 501);
  assert.equal(played.all('start-call').length, attempts);
  played.pass(1);
  assert.equal(played.now, failed + LEAST_PAUSE);
  assert.equal(played.all('start-call').length, attempts + 1);
  played.session.onReachable(played.now);
  played.drive();
  assert.equal(played.all('start-call').length, attempts + 1, 'one attempt at a time');
});

test('a busy server is left alone for the time that it asked for', () => {
  const played = afterAnOutage();
  played.awaitNext();
  const attempts = played.all('start-call').length;
  played.session.onRefused(played.now, played.newest, { code: 'BUSY', address: '', retryAfter: 9_000, processed: 0 });
  played.drive();
  played.pass(LEAST_PAUSE);
  played.session.onReachable(played.now);
  played.pass(9_000 - LEAST_PAUSE - 1);
  assert.equal(played.all('start-call').length, attempts);
  played.pass(1);
  assert.equal(played.all('start-call').length, attempts + 1);
});

test('a welcome wakes who waits for that server, or for any', () => {
  const limiter = new ResumeLimiter();
  const woken: string[] = [];
  const streams = ['a', 'b', 'c', 'd'].map((name) => ({ name, wake: () => woken.push(name) }));
  streams.forEach((stream, i) => limiter.pause(stream, [SERVER, 'another', '', SERVER][i] ?? '', stream.wake));
  limiter.endPause(streams[3] ?? {});

  limiter.onWelcome(SERVER);
  assert.deepEqual(woken, ['a', 'c']);
  limiter.onWelcome(SERVER);
  limiter.onWelcome('another');
  assert.deepEqual(woken, ['a', 'c', 'b']);
});

test('a server that does not answer holds back its own streams only', () => {
  const limiter = new ResumeLimiter();
  const begun: string[] = [];
  const ask = (server: string, name: string) => limiter.ask(server, () => begun.push(name));
  const silent = [ask(SERVER, 'silent'), ask(SERVER, 'behind it')];
  const other = [ask('another', 'other'), ask('another', 'behind the other')];
  assert.deepEqual(begun, ['silent', 'other']);

  other[0]?.onWelcome();
  assert.deepEqual(begun, ['silent', 'other', 'behind the other']);

  [...silent, ...other].forEach((permit) => permit.onOver());
  assert.equal(limiter.serverCount, 0, 'a server without attempts is forgotten');
});
