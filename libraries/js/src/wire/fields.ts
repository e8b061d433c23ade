/** The reason why bytes of a peer were refused. */
export type WireViolation = 'TRUNCATED' | 'TOO_LONG' | 'NOT_CANONICAL' | 'UNKNOWN_FIELD' | 'BAD_VALUE';

/** Bytes of a peer that do not follow docs/duplex-v1.md. */
export class WireError extends Error {
  constructor(
    readonly violation: WireViolation,
    message: string,
  ) {
    super(message);
    this.name = 'WireError';
  }
}

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const LOW_BITS = 0x7f;
const MORE = 0x80;
/** The longest encoding of a value below 2^63: nine times seven bits. */
const VARINT_BYTES = 9;
/** A varint is kept as its four lowest and five highest groups of seven bits, so that neither part overflows. */
const LOW_GROUPS = 4;
const LOW_PART = 2 ** 28;

/**
 * A reader of protobuf fields in ascending order, each once and in its shortest encoding. Each value has a single valid
 * encoding, so the length of a value is that of its encoding.
 */
export class FieldReader {
  private at: number;
  private number = 0;
  private wireType = 0;
  private low = 0;
  private high = 0;

  constructor(
    private readonly bytes: Uint8Array,
    offset: number,
    private readonly end: number,
  ) {
    this.at = offset;
  }

  /** The number of the next field; 0 at the end. */
  next(): number {
    if (this.at === this.end) {
      return 0;
    }
    const key = this.byte();
    // One byte: the protocol's own fields have numbers up to 15.
    const field = key >> 3;
    if (key >= MORE || field === 0) {
      throw new WireError('UNKNOWN_FIELD', `key ${key}`);
    }
    if (field <= this.number) {
      throw new WireError('NOT_CANONICAL', `field ${field} after ${this.number}`);
    }
    this.number = field;
    this.wireType = key & 7;
    return field;
  }

  /**
   * The varint of this field, from 1 to `most`, as what is zero is absent. A value above 2^53-1 that `most` allows is read
   * as 2^53-1: no position of a session gets there.
   */
  varint(most: number = Number.MAX_SAFE_INTEGER): number {
    this.readVarint(VARINT);
    const safe = this.high < 2 ** 25;
    const value = safe ? this.high * LOW_PART + this.low : Number.MAX_SAFE_INTEGER;
    if (value > most || (!safe && most < Number.MAX_SAFE_INTEGER)) {
      throw new WireError('BAD_VALUE', `field ${this.number}: ${value} > ${most}`);
    }
    return value;
  }

  /** The varint of this field, exactly. */
  exactVarint(): bigint {
    this.readVarint(VARINT);
    return (BigInt(this.high) << 28n) | BigInt(this.low);
  }

  /** The bytes of this field, from 1 to `most` of them; a view, not a copy. */
  data(most: number): Uint8Array {
    this.readVarint(LENGTH_DELIMITED);
    const length = this.high * LOW_PART + this.low;
    if (length > most) {
      throw new WireError('TOO_LONG', `field ${this.number}: ${length} > ${most}`);
    }
    if (length > this.end - this.at) {
      throw new WireError('TRUNCATED', `field ${this.number}`);
    }
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  unknownField(): WireError {
    return new WireError('UNKNOWN_FIELD', `field ${this.number}`);
  }

  private readVarint(type: number): void {
    if (this.wireType !== type) {
      throw new WireError('UNKNOWN_FIELD', `field ${this.number} of type ${this.wireType}`);
    }
    this.low = 0;
    this.high = 0;
    for (let i = 0; i < VARINT_BYTES; i++) {
      if (this.at === this.end) {
        throw new WireError('TRUNCATED', `field ${this.number}`);
      }
      const next = this.byte();
      if (i < LOW_GROUPS) {
        this.low += (next & LOW_BITS) * 2 ** (7 * i);
      } else {
        this.high += (next & LOW_BITS) * 2 ** (7 * (i - LOW_GROUPS));
      }
      if (next < MORE) {
        if (next === 0) {
          throw new WireError('NOT_CANONICAL', `field ${this.number}: ${i > 0 ? 'not the shortest' : 'zero'}`);
        }
        return;
      }
    }
    throw new WireError('BAD_VALUE', `field ${this.number}: larger than 2^63-1`);
  }

  private byte(): number {
    return this.bytes[this.at++] ?? 0;
  }
}

/** The bytes of a varint. */
export function varintSize(value: number | bigint): number {
  let bytes = 1;
  if (typeof value === 'bigint') {
    for (let rest = value >> 7n; rest > 0n; rest >>= 7n) {
      bytes++;
    }
  } else {
    for (let rest = value; rest >= MORE; rest = Math.floor(rest / MORE)) {
      bytes++;
    }
  }
  return bytes;
}

/** Writes a varint and returns the offset behind it. */
export function writeVarint(value: number | bigint, out: Uint8Array, offset: number): number {
  let at = offset;
  if (typeof value === 'bigint') {
    let rest = value;
    for (; rest >= 128n; rest >>= 7n) {
      out[at++] = Number(rest & 127n) | MORE;
    }
    out[at++] = Number(rest);
  } else {
    let rest = value;
    for (; rest >= MORE; rest = Math.floor(rest / MORE)) {
      out[at++] = (rest % MORE) | MORE;
    }
    out[at++] = rest;
  }
  return at;
}

/** A writer of protobuf fields in ascending order; what is zero or empty is absent. */
export class FieldWriter {
  private readonly parts: Uint8Array[] = [];

  varint(field: number, value: number): this {
    return value === 0 ? this : this.add(field, VARINT, value, undefined);
  }

  data(field: number, value: Uint8Array): this {
    return value.length === 0 ? this : this.add(field, LENGTH_DELIMITED, value.length, value);
  }

  toBytes(): Uint8Array {
    const length = this.parts.reduce((sum, part) => sum + part.length, 0);
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const part of this.parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  private add(field: number, type: number, value: number, body: Uint8Array | undefined): this {
    const head = new Uint8Array(1 + varintSize(value));
    head[0] = (field << 3) | type;
    writeVarint(value, head, 1);
    this.parts.push(head);
    if (body !== undefined) {
      this.parts.push(body);
    }
    return this;
  }
}
