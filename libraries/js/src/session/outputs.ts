import type { FrameHeader } from '../wire/frame-header.js';
import type { Hello } from '../wire/handshake.js';
import type { SessionHandover } from '../wire/session-handover.js';
import type { Attachment } from './attachment.js';

/** The kinds of loss, reported to the application as a lost session. */
export type LossKind =
  /** The server knows nothing of the session. */
  | 'LOST_UNKNOWN'
  /** The session's time without an attachment was over. */
  | 'LOST_EXPIRED'
  /** A side no longer holds messages that the other one needs. */
  | 'LOST_GAP'
  /** The server refused the token. */
  | 'LOST_DENIED'
  /** Several attachments in a row ended at the same message. */
  | 'LOST_STUCK'
  /** The stream was ended by a status that repeating can't change. */
  | 'LOST_REFUSED'
  /** No server could be reached for as long as one would have kept the session. */
  | 'LOST_UNREACHABLE';

/** The kind of a session's end. */
export type SessionEndKind =
  /** The final status of the server. */
  | 'FINISHED'
  | 'CANCELLED'
  | 'DEADLINE'
  /** The server's instance leaves; both sides know exactly what was processed. */
  | 'MOVED'
  /** The server knows no sessions, and its call ended with this status. */
  | 'PLAIN'
  | LossKind;

/** The end of a session, reported to the application once. */
export interface SessionEnd {
  readonly kind: SessionEndKind;
  /** The gRPC status code with FINISHED and PLAIN, 0 otherwise. */
  readonly status: number;
  /** The body of the final frame with FINISHED. */
  readonly body: Uint8Array;
  /** Everything up to here was processed by the server; later messages may have been, except with MOVED. */
  readonly processedByPeer: number;
  /** Everything up to here was processed by this side. */
  readonly processedHere: number;
}

/** The end of an attachment's physical call. */
export interface CallClosure {
  /**
   * `connection`: the connection ended, or there was none; `unreached`: certainly no server got anything of the call; `stream`: the call
   * alone ended, by a reset; `status`: the call ended with a status of the server or of a hop.
   */
  readonly scope: 'connection' | 'unreached' | 'stream' | 'status';
  readonly status: number;
}

/** The gRPC status codes that the session tells apart. */
export const Code = {
  OK: 0,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

export const CONNECTION_LOST: CallClosure = { scope: 'connection', status: Code.UNAVAILABLE };

/** Whether the next attempt may well be let in, as with a load shedder. */
export function isTransient(how: CallClosure): boolean {
  const { RESOURCE_EXHAUSTED, UNAUTHENTICATED, PERMISSION_DENIED } = Code;
  return (
    how.scope === 'status' &&
    (how.status === RESOURCE_EXHAUSTED || how.status === UNAUTHENTICATED || how.status === PERMISSION_DENIED)
  );
}

/** Whether another attempt would end the same way. */
export function isPermanent(how: CallClosure): boolean {
  return isTransient(how) || (how.scope === 'status' && how.status === Code.UNIMPLEMENTED);
}

/** The reason why a session closes one of its attachments. */
export type CloseReason =
  /** The session is over and the server knows: half-close, and read to the end of the call. */
  | 'DONE'
  /** A newer attachment carries the session. */
  | 'REPLACED'
  /** The server broke the protocol. */
  | 'PROTOCOL_ERROR'
  /** The server said nothing for too long. */
  | 'SILENT'
  /** The older attachment received data again, or the session ended. */
  | 'UNNEEDED';

/** An action that a session asks for; actions are executed in the order in which they are polled. */
export type SessionOutput =
  /** Begin a call with this hello and this hand-over; `address` is host:port, or '' for the channel's own choice. */
  | {
      readonly type: 'start-call';
      readonly attachment: Attachment;
      readonly hello: Hello;
      readonly address: string;
      readonly handover: SessionHandover;
    }
  /** Write one message; a plain server sees no header. */
  | {
      readonly type: 'send';
      readonly attachment: Attachment;
      readonly header: FrameHeader | undefined;
      readonly body: Uint8Array;
    }
  /** Ask the call for one more message. */
  | { readonly type: 'request'; readonly attachment: Attachment }
  /** Half-close the call, because a plain server may wait for it. */
  | { readonly type: 'half-close'; readonly attachment: Attachment }
  /** End the call. */
  | { readonly type: 'end-call'; readonly attachment: Attachment; readonly why: CloseReason }
  /** Hand a message to the application, which says by {@link ClientSession.processed} when it is done. */
  | { readonly type: 'deliver'; readonly seq: number; readonly body: Uint8Array }
  /** The next message is the first one of a handler that began anew; handlers before it have sent so many. */
  | { readonly type: 'restarted'; readonly messages: number }
  /** There is room for messages again. */
  | { readonly type: 'ready' }
  /** There has been no attachment for a while; attempts go on for at most so many milliseconds. */
  | { readonly type: 'waiting'; readonly leftMillis: number }
  /** After `waiting`: an attachment carries the session again. */
  | { readonly type: 'resumed' }
  /** The end of the session; comes once. */
  | { readonly type: 'ended'; readonly end: SessionEnd };
