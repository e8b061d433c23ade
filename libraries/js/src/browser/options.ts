import { HEARTBEAT_MILLIS } from './heartbeat-deadline.js';

/** The settings that both kinds of streams share. Durations are milliseconds. */
export interface StreamOptions {
  /** Ends the stream with CANCELLED; the error's cause is the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called when the stream has had no connection for 2 s, with the most time for which attempts go on, and the last cause. */
  readonly onWaiting?: (leftMillis: number, cause: string) => void;
  /** Called after {@link onWaiting}, when the stream has a connection again. */
  readonly onResumed?: () => void;
  /** Upper bound of the first delay between attempts, which doubles; the delay is random up to it; default 500. */
  readonly backoffBaseMillis?: number;
  /** Upper bound of every delay; default 10,000. */
  readonly backoffCapMillis?: number;
  /** For how long attempts go on without success; counted anew when the page wakes or the network is back; default 900,000. */
  readonly patienceMillis?: number;
  /** Most time of an attempt until the gateway answers; default 10,000. */
  readonly handshakeMillis?: number;
  /** Silence after which a connection is replaced when the page wakes; default 15,000. */
  readonly suspectMillis?: number;
  /**
   * Silence after which an open connection is replaced. A gateway sends a heartbeat every 15 s; WebSockets of gateways that send none are
   * not watched. A message of a WebSocket that takes longer gets twice the time on each further connection. 20,000 to 2,147,483,647,
   * default 40,000.
   */
  readonly heartbeatTimeoutMillis?: number;
}

/** The settings of a stream over a WebSocket. */
export interface SocketStreamOptions extends StreamOptions {
  /** Messages kept until the gateway has them, from which on a write waits; 1 to 65,536, default 4,096. */
  readonly sendMessages?: number;
  /** The same in bytes of JSON; default 1 MiB. */
  readonly sendBytes?: number;
  /** Messages after which those processed are acknowledged; earlier where the reader waits; 1 to 65,536, default 16. */
  readonly ackEvery?: number;
}

/** The settings of a stream of server-sent events. */
export interface EventStreamOptions extends StreamOptions {
  /** Sent with each attempt, so that a token may be renewed; for example `authorization`. */
  readonly headers?: () => Record<string, string>;
  /** The JSON of a request that is sent by POST; none for GET. Each attempt sends the same. */
  readonly body?: string;
  /** Whether cookies are sent: as `fetch` names it; default `same-origin`. */
  readonly credentials?: 'omit' | 'same-origin' | 'include';
  /** Messages read ahead of the application, from which on the response is not read; 1 to 65,536, default 256. */
  readonly receiveMessages?: number;
  /** Most characters of one event; a longer one ends the stream with RESOURCE_EXHAUSTED; default 4 Mi. */
  readonly maxEventChars?: number;
}

/** The longest time of a timer. */
export const MOST_MILLIS = 2 ** 31 - 1;
const MOST_MESSAGES = 65_536;
const MOST_BYTES = 2 ** 30;

const DEFAULTS = {
  backoffBaseMillis: 500,
  backoffCapMillis: 10_000,
  patienceMillis: 900_000,
  handshakeMillis: 10_000,
  suspectMillis: 15_000,
  heartbeatTimeoutMillis: 40_000,
  sendMessages: 4_096,
  sendBytes: 1024 * 1024,
  ackEvery: 16,
  receiveMessages: 256,
  maxEventChars: 4 * 1024 * 1024,
};

/** All numbers of the options, with their defaults. */
export type StreamSettings = typeof DEFAULTS;

const BOUNDS: Record<keyof StreamSettings, readonly [number, number]> = {
  backoffBaseMillis: [1, MOST_MILLIS],
  backoffCapMillis: [1, MOST_MILLIS],
  patienceMillis: [1, MOST_MILLIS],
  handshakeMillis: [1, MOST_MILLIS],
  suspectMillis: [1, MOST_MILLIS],
  heartbeatTimeoutMillis: [HEARTBEAT_MILLIS, MOST_MILLIS],
  sendMessages: [1, MOST_MESSAGES],
  sendBytes: [1, MOST_BYTES],
  ackEvery: [1, MOST_MESSAGES],
  receiveMessages: [1, MOST_MESSAGES],
  maxEventChars: [1, MOST_BYTES],
};

/**
 * The numbers of options, checked.
 *
 * @throws RangeError for a number that is out of its bounds
 */
export function settingsOf(options: SocketStreamOptions & EventStreamOptions): StreamSettings {
  const settings = { ...DEFAULTS };
  for (const [name, [least, most]] of Object.entries(BOUNDS) as [keyof StreamSettings, readonly [number, number]][]) {
    const value = options[name] ?? DEFAULTS[name];
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new RangeError(`${name}: ${value} (expected: an integer from ${least} to ${most})`);
    }
    settings[name] = value;
  }
  return settings;
}
