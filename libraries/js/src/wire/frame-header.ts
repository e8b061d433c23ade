import { FieldReader, WireError, varintSize, writeVarint } from './fields.js';

/** The flags of a frame, of which a header has the sum. */
export const Flag = {
  /** The final status, at position `seq`; the body is its description and trailers. Of a server. */
  FINAL: 1,
  /** The half-close of the client, at position `seq`; there is no body. */
  HALF_CLOSE: 2,
  /** The client's application cancelled; without a position, and repeated until it is answered. */
  CANCEL: 4,
  /** The server wants this attachment replaced by another one. */
  DRAIN: 8,
  /** With DRAIN: the instance and its sessions end, so send nothing new and settle. */
  LEAVING: 16,
  /** The client's answer to LEAVING: nothing was sent after position `low`. */
  SETTLED: 32,
  /** The frame answers the peer's `probe`. */
  ECHO: 64,
  /** With FINAL: the settled end of a session whose instance leaves, instead of a status. */
  MOVED: 128,
} as const;

const ALL_FLAGS = 255;
const FLAGS_OF_SERVER = Flag.FINAL | Flag.DRAIN | Flag.LEAVING | Flag.ECHO | Flag.MOVED;

/** The header before the bytes of a message: one protobuf field of the number 536870911. */
export interface FrameHeader {
  /** Tag of the attachment, 1 to 2^32-1; a header with another one is somebody else's unknown field. */
  readonly tag: number;
  /** Position of this message, half-close or final status; 0 in a frame without one. */
  readonly seq: number;
  /** The sender has committed everything up to this position. */
  readonly ack: number;
  /** The sender is ready for positions up to this one. */
  readonly credit: number;
  /** Sum of flags of {@link Flag}. */
  readonly flags: number;
  /** With SETTLED: the last position that the client sent; 0 otherwise. */
  readonly low: number;
  /** With FINAL: the gRPC status code. */
  readonly status: number;
  /** A number that the peer sends back with ECHO; 0 asks nothing. */
  readonly probe: bigint;
}

/** Varint of `536870911 << 3 | 2`. */
const KEY = [0xfa, 0xff, 0xff, 0xff, 0x0f] as const;
/** Field key and length. */
const PREFIX_BYTES = KEY.length + 1;
/** Limit of a header's content; a longer one breaks the attachment. */
const MAX_CONTENT_BYTES = 80;
/** A header never takes more; limits of messages have to leave so much room. */
export const LARGEST_HEADER_BYTES = PREFIX_BYTES + MAX_CONTENT_BYTES;
/** The highest tag of an attachment. */
export const HIGHEST_TAG = 0xffff_ffff;
const HIGHEST_STATUS = 16;

/** A header and the bytes behind it. */
export interface Frame {
  readonly header: FrameHeader;
  readonly body: Uint8Array;
}

function contentSize(header: FrameHeader): number {
  return fields(header).reduce<number>((sum, value) => sum + (isZero(value) ? 0 : 1 + varintSize(value)), 0);
}

function fields(header: FrameHeader): readonly (number | bigint)[] {
  const { tag, seq, ack, credit, flags, low, status, probe } = header;
  return [tag, seq, ack, credit, flags, low, status, probe];
}

function isZero(value: number | bigint): boolean {
  return value === 0 || value === 0n;
}

/** The bytes of a gRPC message: the header, then the body. */
export function writeFrame(header: FrameHeader, body: Uint8Array): Buffer {
  const content = contentSize(header);
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + content + body.length);
  bytes.set(KEY, 0);
  bytes[KEY.length] = content;
  let at = PREFIX_BYTES;
  fields(header).forEach((value, index) => {
    if (!isZero(value)) {
      bytes[at] = (index + 1) << 3;
      at = writeVarint(value, bytes, at + 1);
    }
  });
  bytes.set(body, at);
  return bytes;
}

/**
 * Reads the header at the beginning of a message, and copies nothing.
 *
 * @returns undefined when the message does not begin with such a field
 * @throws WireError when it does, and the field is not a header
 */
export function readFrame(bytes: Uint8Array): Frame | undefined {
  if (!KEY.every((byte, index) => bytes[index] === byte)) {
    return undefined;
  }
  const content = bytes[KEY.length];
  if (content === undefined) {
    throw new WireError('TRUNCATED', 'header without a length');
  }
  if (content > MAX_CONTENT_BYTES) {
    throw new WireError('TOO_LONG', `header of more than ${MAX_CONTENT_BYTES} bytes`);
  }
  const end = PREFIX_BYTES + content;
  if (end > bytes.length) {
    throw new WireError('TRUNCATED', `header of ${content} bytes`);
  }
  return { header: readContent(new FieldReader(bytes, PREFIX_BYTES, end)), body: bytes.subarray(end) };
}

function readContent(reader: FieldReader): FrameHeader {
  const header = { tag: 0, seq: 0, ack: 0, credit: 0, flags: 0, low: 0, status: 0, probe: 0n };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    switch (field) {
      case 1:
        header.tag = reader.varint(HIGHEST_TAG);
        break;
      case 2:
        header.seq = reader.varint();
        break;
      case 3:
        header.ack = reader.varint();
        break;
      case 4:
        header.credit = reader.varint();
        break;
      case 5:
        header.flags = reader.varint(ALL_FLAGS);
        break;
      case 6:
        header.low = reader.varint();
        break;
      case 7:
        header.status = reader.varint(HIGHEST_STATUS);
        break;
      case 8:
        header.probe = reader.exactVarint();
        break;
      default:
        throw reader.unknownField();
    }
  }
  if (header.tag === 0) {
    throw new WireError('BAD_VALUE', 'tag: 0 (expected: >= 1)');
  }
  return header;
}

/** Whether the header says nothing that only a client may say. */
export function isOfServer(header: FrameHeader): boolean {
  const final = (header.flags & Flag.FINAL) !== 0;
  const statusFits = final || (header.status === 0 && (header.flags & Flag.MOVED) === 0);
  return (header.flags & ~FLAGS_OF_SERVER) === 0 && header.low === 0 && statusFits;
}
