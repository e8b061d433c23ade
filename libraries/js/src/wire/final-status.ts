/** A trailer of a final status. A key that ends in `-bin` has bytes, any other one ASCII. */
export interface Trailer {
  readonly key: string;
  readonly value: Buffer;
}

/** The body of the final frame: the description of the status, and its trailers in their order. */
export interface FinalStatus {
  readonly description: string;
  readonly trailers: readonly Trailer[];
}

/** Limit of the trailers that are read; the rest is dropped. */
const MAX_TRAILERS = 256;
const LENGTH_DELIMITED = 2;
const LONGEST_LENGTH_BYTES = 5;

/**
 * Decodes the body of a final frame. A body that can't be read has no description and no trailers, and `undefined` is returned: the
 * code of the status stands in the header.
 */
export function readFinalStatus(bytes: Uint8Array): FinalStatus | undefined {
  let description = '';
  const trailers: Trailer[] = [];
  const all = fieldsOf(bytes);
  if (all === undefined) {
    return undefined;
  }
  for (const [field, value] of all) {
    if (field === 1) {
      description = value.toString('utf8');
    } else if (field === 2 && trailers.length < MAX_TRAILERS) {
      const entry = fieldsOf(value);
      if (entry === undefined) {
        return undefined;
      }
      const named = new Map(entry);
      trailers.push({ key: named.get(1)?.toString('latin1') ?? '', value: named.get(2) ?? Buffer.alloc(0) });
    }
  }
  return { description, trailers };
}

/** Length-delimited fields, one after the other; undefined when there is anything else. */
function fieldsOf(bytes: Uint8Array): [number, Buffer][] | undefined {
  const fields: [number, Buffer][] = [];
  let at = 0;
  while (at < bytes.length) {
    const key = bytes[at++] ?? 0;
    let length = 0;
    let byte = 0x80;
    for (let i = 0; byte >= 0x80; i++) {
      const next = bytes[at++];
      if (next === undefined || i === LONGEST_LENGTH_BYTES) {
        return undefined;
      }
      byte = next;
      length += (byte & 0x7f) * 2 ** (7 * i);
    }
    if ((key & 7) !== LENGTH_DELIMITED || length > bytes.length - at) {
      return undefined;
    }
    fields.push([key >> 3, Buffer.from(bytes.subarray(at, at + length))]);
    at += length;
  }
  return fields;
}
