import { type FieldReader, FieldWriter } from './fields.js';
import { INT_MAX, VERSION, openVersioned, readAll, require } from './versioned-fields.js';

/** The binary metadata key, in request headers, of a client that takes hand-overs, and of the hand-over that it shows. */
export const HANDOVER_KEY = 'holdfast-handover-bin';

const MAX_CURSOR_BYTES = 4_096;
const FRAMING_BYTES = 128;
/** Limit of a hand-over; a longer one is refused. */
const MAX_BYTES = MAX_CURSOR_BYTES + FRAMING_BYTES;
const SEAL_BYTES = 32;
/** In field 6: the next handler begins anew. With 1 it goes on at the cursor. Earlier versions refuse 2. */
const RESTART = 2;
/** Another position follows that of a hand-over, below 2^63. */
const HIGHEST_POSITION = 2n ** 63n - 2n;
const OFFER_BYTES = new FieldWriter().varint(1, VERSION).toBytes();

/**
 * The hand-over of a session between two instances of a server, carried by its client: the positions at which the old owner stopped, and
 * the cursor of its handler, under a seal that servers make and check. Immutable. A client can read the cursor, and can't change it.
 */
export class SessionHandover {
  /** The offer of a client that takes a hand-over and has none to show. */
  static readonly OFFER = new SessionHandover(0, 0, 0, false, 0, Buffer.from(OFFER_BYTES));

  private constructor(
    /** The last position of the old owner, which is that of its final frame; 0 in an offer. */
    readonly position: number,
    /** The last position of the client that the cursor covers. */
    readonly processed: number,
    /** The hand-overs of the session so far, this one included. */
    readonly moves: number,
    /** Whether the client's half-close is covered. */
    readonly isHalfClosed: boolean,
    private readonly replay: number,
    /** As they came: the next owner checks their seal. */
    private readonly bytes: Buffer,
  ) {}

  /** Decodes a hand-over, or an offer; the seal is not checked. @throws WireError when it is malformed or incomplete */
  static read(bytes: Uint8Array): SessionHandover {
    const reader = openVersioned(bytes, MAX_BYTES);
    const read = { position: 0, processed: 0, moves: 0, halfClosed: false, replay: 0, sealBytes: 0 };
    readAll(reader, {
      2: () => (read.position = positionOf(reader)),
      3: () => (read.processed = reader.varint()),
      4: () => (read.moves = reader.varint(INT_MAX)),
      5: () => (read.halfClosed = reader.varint(1) === 1),
      6: () => (read.replay = reader.varint(RESTART)),
      7: () => reader.data(MAX_CURSOR_BYTES),
      8: () => (read.sealBytes = reader.data(SEAL_BYTES).length),
    });
    const { position, processed, moves, halfClosed, replay, sealBytes } = read;
    const whole = moves > 0 && position >= moves && sealBytes === SEAL_BYTES;
    // What is zero is absent, so an offer has the bytes of its version and no more.
    const offer = bytes.length === OFFER_BYTES.length;
    require(whole || offer, 'handover: incomplete (expected: position, moves and seal)');
    return new SessionHandover(position, processed, moves, halfClosed, replay, Buffer.from(bytes));
  }

  /** Whether there is something to take over; false for {@link OFFER}. */
  get isPresent(): boolean {
    return this.position > 0;
  }

  /** Whether the next owner gets the client's messages again, from the first one on. */
  get replays(): boolean {
    return this.replay !== 0;
  }

  /** Whether the next handler begins anew with these messages, without a cursor. */
  get restarts(): boolean {
    return this.replay === RESTART;
  }

  /** The messages that all owners so far have sent. Each of them also sent a final frame. */
  get messages(): number {
    return this.position - this.moves;
  }

  /** The bytes of the metadata value. */
  toBytes(): Buffer {
    return Buffer.from(this.bytes);
  }
}

/** A position above 2^53-1 is read as 2^53-1: no session gets there. */
function positionOf(reader: FieldReader): number {
  const position = reader.exactVarint();
  require(position <= HIGHEST_POSITION, `handover: position ${position} (expected: at most ${HIGHEST_POSITION})`);
  return Math.min(Number(position), Number.MAX_SAFE_INTEGER);
}
