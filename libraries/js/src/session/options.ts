import { MAX_MILLIS } from '../wire/handshake.js';

/** The settings of a session. Durations are milliseconds; 0 turns off those whose default is 0. */
export interface SessionOptions {
  /** Messages kept until the server has processed them, from which on a write waits; 1 to 65,536, default 256. */
  readonly sendMessages: number;
  /** The same in bytes; default 8 MiB. */
  readonly sendBytes: number;
  /** Messages that the server may send ahead of what was processed; 1 to 65,536, default 256. */
  readonly receiveMessages: number;
  /** Bytes received and not yet processed from which on no more credit is given; default 8 MiB. */
  readonly receiveBytes: number;
  /** Messages after which an ack is sent to a server that asks for nothing else; 1 to 65,536, default 64. */
  readonly ackEvery: number;
  /** Most time between processing and its ack, with such a server; default 250. */
  readonly ackDelayMillis: number;
  /** For how long a server keeps the session, until its welcome says so; default 120,000. */
  readonly ttlMillis: number;
  /** Most time between the begin of an attachment and its welcome; default 10,000. */
  readonly handshakeMillis: number;
  /** Silence after which a server that has not answered may be one without sessions; default 1,000. */
  readonly assumePlainMillis: number;
  /** Silence of this side after which it sends a frame, for proxies that end idle streams; default 0, off. */
  readonly heartbeatMillis: number;
  /** Silence of the server after which its attachment is suspect; needs heartbeats; default 0, off. */
  readonly suspectMillis: number;
  /** Time from then until a second attachment is begun; default 1,000. */
  readonly raceMillis: number;
  /** Silence after which a suspect attachment is given up; default 30,000. */
  readonly deadMillis: number;
  /** Age at which an attachment is replaced; default 0, off. */
  readonly rotateMillis: number;
  /** Upper bound of the first delay between attachments, which doubles; default 250. */
  readonly backoffBaseMillis: number;
  /** Upper bound of every delay; default 30,000. */
  readonly backoffCapMillis: number;
  /**
   * When the first messages are sent: `at-once`, the default, or `after-welcome`, which costs a round trip and leaves no stream lost
   * whose first connection breaks before the server answered.
   */
  readonly firstMessage: 'at-once' | 'after-welcome';
}

const MOST_MESSAGES = 65_536;
const ACK_BYTES = 256 * 1024;
const ANSWERED_ACK_BYTES = 2 * 1024 * 1024;

const DEFAULTS: SessionOptions = {
  sendMessages: 256,
  sendBytes: 8 * 1024 * 1024,
  receiveMessages: 256,
  receiveBytes: 8 * 1024 * 1024,
  ackEvery: 64,
  ackDelayMillis: 250,
  ttlMillis: 120_000,
  handshakeMillis: 10_000,
  assumePlainMillis: 1_000,
  heartbeatMillis: 0,
  suspectMillis: 0,
  raceMillis: 1_000,
  deadMillis: 30_000,
  rotateMillis: 0,
  backoffBaseMillis: 250,
  backoffCapMillis: 30_000,
  firstMessage: 'at-once',
};

/** The lowest and highest value of each number. */
const BOUNDS: Record<Exclude<keyof SessionOptions, 'firstMessage'>, readonly [number, number]> = {
  sendMessages: [1, MOST_MESSAGES],
  sendBytes: [1, Number.MAX_SAFE_INTEGER],
  receiveMessages: [1, MOST_MESSAGES],
  receiveBytes: [1, Number.MAX_SAFE_INTEGER],
  ackEvery: [1, MOST_MESSAGES],
  ackDelayMillis: [1, MAX_MILLIS],
  ttlMillis: [1, MAX_MILLIS],
  handshakeMillis: [1, MAX_MILLIS],
  assumePlainMillis: [1, MAX_MILLIS],
  heartbeatMillis: [0, MAX_MILLIS],
  suspectMillis: [0, MAX_MILLIS],
  raceMillis: [1, MAX_MILLIS],
  deadMillis: [1, MAX_MILLIS],
  rotateMillis: [0, MAX_MILLIS],
  backoffBaseMillis: [1, MAX_MILLIS],
  backoffCapMillis: [1, MAX_MILLIS],
};

/** Adds the defaults. @throws RangeError when a value is out of its bounds, or a name is unknown */
export function sessionOptions(given: Partial<SessionOptions> = {}): SessionOptions {
  const options = { ...DEFAULTS, ...given };
  for (const name of Object.keys(given)) {
    if (!(name in DEFAULTS)) {
      throw new RangeError(`${name}: no option of a session (expected: one of ${Object.keys(DEFAULTS).join(', ')})`);
    }
  }
  for (const [name, [least, most]] of Object.entries(BOUNDS)) {
    const value = options[name as keyof typeof BOUNDS];
    if (!Number.isFinite(value) || value < least || value > most) {
      throw new RangeError(`${name}: ${value} (expected: ${least} to ${most})`);
    }
  }
  if (options.backoffCapMillis < options.backoffBaseMillis) {
    throw new RangeError(
      `backoffCapMillis: ${options.backoffCapMillis} (expected: >= backoffBaseMillis, ${options.backoffBaseMillis})`,
    );
  }
  if (options.firstMessage !== 'at-once' && options.firstMessage !== 'after-welcome') {
    throw new RangeError(`firstMessage: ${String(options.firstMessage)} (expected: at-once or after-welcome)`);
  }
  return options;
}

/** Bytes processed after which an ack is sent at once, however few messages they are. */
export function ackBytes(options: SessionOptions): number {
  return Math.min(ACK_BYTES, Math.max(1, options.receiveBytes / 4));
}

/** Bytes processed after which an ack goes by itself while messages are answered. */
export function answeredAckBytes(options: SessionOptions): number {
  return Math.min(ANSWERED_ACK_BYTES, Math.max(1, options.receiveBytes / 2));
}
