import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The values of a vector file, as JSON has them; numbers above 2^53-1 are read as 2^53-1, but for `probe`, which stays exact. */
export function vectors<T>(name: string): T {
  // From libraries/js/build/test.
  const path = fileURLToPath(new URL(`../../../streams/vectors/${name}`, import.meta.url));
  const exact = readFileSync(path, 'utf8').replace(/"probe": (\d+)/g, '"probe": "$1"');
  return JSON.parse(exact, (_, value: unknown) =>
    typeof value === 'number' && value > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : value,
  ) as T;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function unhex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

/** The fields of a header as a vector file has them. */
export interface HeaderFields {
  tag: number;
  seq: number;
  ack: number;
  credit: number;
  low: number;
  status: number;
  probe: string;
}
