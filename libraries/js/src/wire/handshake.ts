import { FieldWriter, WireError } from './fields.js';
import { HIGHEST_TAG } from './frame-header.js';
import { INT_MAX, VERSION, openVersioned, readAll, require } from './versioned-fields.js';

/** The binary metadata key of hello (request headers), welcome (response headers) and refusal (trailers). */
export const HANDSHAKE_KEY = 'holdfast-stream-bin';
/** Positions that a client may send before it knows the server's credit. */
export const INITIAL_CREDIT = 16;
/** Limit of a duration in a handshake, 100 days; more is refused. */
export const MAX_MILLIS = 100 * 24 * 3600 * 1000;

const MAX_BYTES = 1024;
const MAX_TOKEN_BYTES = 320;
const MAX_ADDRESS_BYTES = 255;
const SESSION_BYTES = 16;
const SIGNATURE_BYTES = 32;

/** The bytes of no token. */
export const NO_TOKEN: Uint8Array = new Uint8Array(0);

/** The handshake of a client at the beginning of each attachment. */
export interface Hello {
  /** Id of the session: 16 random bytes. */
  readonly session: Uint8Array;
  /** Number of the attachment, from 1, strictly ascending: the fencing token. */
  readonly attach: number;
  /** Tag in the frames of this attachment, 1 to 2^32-1. */
  readonly tag: number;
  /** The client has committed everything up to here. */
  readonly watermark: number;
  /** Lowest position that the client still holds; one more than the last when it holds none. */
  readonly low: number;
  readonly credit: number;
  /** Milliseconds until the deadline of the session; 0 for none. */
  readonly remaining: number;
  /** Whether no server can have got a message of an earlier attachment. */
  readonly untouched: boolean;
  readonly token: Uint8Array;
  /** The most time in milliseconds that will have passed since the session began; 0 when nothing depends on it. */
  readonly age: number;
  /** Number of the attachment that got messages and was not welcomed; 0 when there is none. */
  readonly touchedBy: number;
}

/** The acceptance of an attachment by a server. */
export interface Welcome {
  readonly token: Uint8Array;
  /** The server has committed everything up to here. */
  readonly watermark: number;
  /** Lowest position that the server still holds; one more than the last when it holds none. */
  readonly low: number;
  readonly credit: number;
  /** Milliseconds for which a session without an attachment is kept. */
  readonly ttl: number;
  /** The client acknowledges after so many messages; 0: as its own options say. */
  readonly ackEvery: number;
  /** The client acknowledges after so many milliseconds; 0: as its own options say. */
  readonly ackDelay: number;
  /** The client adds a random part of so many milliseconds to its next delays. */
  readonly spread: number;
}

/** The codes of a refusal, by their numbers. */
export const REFUSAL_CODES = ['UNKNOWN', 'EXPIRED', 'GAP', 'FENCED', 'MOVED', 'BUSY', 'DENIED'] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

/** The refusal of an attachment by a server. */
export interface Refusal {
  readonly code: RefusalCode;
  /** With MOVED: host:port of the instance that holds the session; '' otherwise. */
  readonly address: string;
  /** With BUSY: milliseconds before the next attempt. */
  readonly retryAfter: number;
  /** Last position of the client known to be processed; 0 when it is not known. */
  readonly processed: number;
}

/** The bytes of the metadata value. */
export function writeHello(hello: Hello): Buffer {
  const bytes = new FieldWriter()
    .varint(1, VERSION)
    .data(2, hello.session)
    .varint(3, hello.attach)
    .varint(4, hello.tag)
    .varint(5, hello.watermark)
    .varint(6, hello.low)
    .varint(7, hello.credit)
    .varint(8, hello.remaining)
    .varint(9, hello.untouched ? 1 : 0)
    .data(10, hello.token)
    .varint(11, hello.age)
    .varint(12, hello.touchedBy)
    .toBytes();
  return Buffer.from(bytes);
}

/** Decodes a hello, as a server does. @throws WireError when it is malformed */
export function readHello(bytes: Uint8Array): Hello {
  const reader = openVersioned(bytes, MAX_BYTES);
  const hello = {
    session: NO_TOKEN,
    attach: 0,
    tag: 0,
    watermark: 0,
    low: 0,
    credit: 0,
    remaining: 0,
    untouched: false,
    token: NO_TOKEN,
    age: 0,
    touchedBy: 0,
  };
  const readers: Record<number, () => void> = {
    2: () => (hello.session = reader.data(SESSION_BYTES)),
    3: () => (hello.attach = reader.varint()),
    4: () => (hello.tag = reader.varint(HIGHEST_TAG)),
    5: () => (hello.watermark = reader.varint()),
    6: () => (hello.low = reader.varint()),
    7: () => (hello.credit = reader.varint()),
    8: () => (hello.remaining = reader.varint(MAX_MILLIS)),
    9: () => (hello.untouched = reader.varint(1) === 1),
    10: () => (hello.token = reader.data(MAX_TOKEN_BYTES)),
    11: () => (hello.age = reader.varint(MAX_MILLIS)),
    12: () => (hello.touchedBy = reader.varint()),
  };
  readAll(reader, readers);
  require(hello.session.length === SESSION_BYTES, `session: ${hello.session.length} bytes (expected: 16)`);
  require(hello.attach > 0, 'attach: 0 (expected: >= 1)');
  require(hello.tag > 0, 'tag: 0 (expected: >= 1)');
  require(hello.low > 0, 'low: 0 (expected: >= 1)');
  return hello;
}

/** Decodes a welcome. @throws WireError when it is malformed */
export function readWelcome(bytes: Uint8Array): Welcome {
  const reader = openVersioned(bytes, MAX_BYTES);
  const welcome = { token: NO_TOKEN, watermark: 0, low: 0, credit: 0, ttl: 0, ackEvery: 0, ackDelay: 0, spread: 0 };
  const readers: Record<number, () => void> = {
    2: () => (welcome.token = Uint8Array.from(reader.data(MAX_TOKEN_BYTES))),
    3: () => (welcome.watermark = reader.varint()),
    4: () => (welcome.low = reader.varint()),
    5: () => (welcome.credit = reader.varint()),
    6: () => (welcome.ttl = reader.varint(MAX_MILLIS)),
    7: () => (welcome.ackEvery = reader.varint(INT_MAX)),
    8: () => (welcome.ackDelay = reader.varint(MAX_MILLIS)),
    9: () => (welcome.spread = reader.varint(MAX_MILLIS)),
  };
  readAll(reader, readers);
  require(welcome.token.length > 0, 'token: none');
  require(welcome.low > 0, 'low: 0 (expected: >= 1)');
  require(welcome.ttl > 0, 'ttl: 0 (expected: >= 1)');
  return welcome;
}

/** The bytes of the metadata value of a welcome, as a server writes it. */
export function writeWelcome(welcome: Welcome): Buffer {
  const bytes = new FieldWriter()
    .varint(1, VERSION)
    .data(2, welcome.token)
    .varint(3, welcome.watermark)
    .varint(4, welcome.low)
    .varint(5, welcome.credit)
    .varint(6, welcome.ttl)
    .varint(7, welcome.ackEvery)
    .varint(8, welcome.ackDelay)
    .varint(9, welcome.spread)
    .toBytes();
  return Buffer.from(bytes);
}

/** Decodes a refusal. @throws WireError when it is malformed */
export function readRefusal(bytes: Uint8Array): Refusal {
  const reader = openVersioned(bytes, MAX_BYTES);
  const refusal = { number: 0, address: '', retryAfter: 0, processed: 0 };
  const readers: Record<number, () => void> = {
    2: () => (refusal.number = reader.varint(REFUSAL_CODES.length)),
    3: () => (refusal.address = text(reader.data(MAX_ADDRESS_BYTES))),
    4: () => (refusal.retryAfter = reader.varint(MAX_MILLIS)),
    5: () => (refusal.processed = reader.varint()),
  };
  readAll(reader, readers);
  const code = REFUSAL_CODES[refusal.number - 1];
  if (code === undefined) {
    throw new WireError('BAD_VALUE', 'code: 0 (expected: 1 to 7)');
  }
  require((code === 'MOVED') === (refusal.address !== ''), 'address: with MOVED and only with it');
  return { code, address: refusal.address, retryAfter: refusal.retryAfter, processed: refusal.processed };
}

/** The address of the instance that a token names; '' when any instance will do. */
export function ownerOf(token: Uint8Array): string {
  return Buffer.from(token.subarray(0, Math.max(0, token.length - SIGNATURE_BYTES))).toString('utf8');
}

function text(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new WireError('BAD_VALUE', 'address: no UTF-8');
  }
}
