import { FieldReader, WireError } from './fields.js';

/** The version of the protocol, which is field 1 of each metadata value. */
export const VERSION = 1;
/** The highest value of a field that other implementations keep in 32 bits. */
export const INT_MAX = 2 ** 31 - 1;

/** Opens a metadata value behind its version. @throws WireError when it is too long, or of another version */
export function openVersioned(bytes: Uint8Array, most: number): FieldReader {
  if (bytes.length > most) {
    throw new WireError('TOO_LONG', `${bytes.length} bytes > ${most}`);
  }
  const reader = new FieldReader(bytes, 0, bytes.length);
  require(reader.next() === 1, 'no version');
  const version = reader.varint(INT_MAX);
  require(version === VERSION, `version ${version} (expected: ${VERSION})`);
  return reader;
}

/** Reads the fields that are left, each by its number. @throws WireError when one is unknown */
export function readAll(reader: FieldReader, readers: Record<number, () => void>): void {
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    const read = readers[field];
    if (read === undefined) {
      throw reader.unknownField();
    }
    read();
  }
}

/** @throws WireError when a value that was read can't be */
export function require(holds: boolean, what: string): void {
  if (!holds) {
    throw new WireError('BAD_VALUE', what);
  }
}
