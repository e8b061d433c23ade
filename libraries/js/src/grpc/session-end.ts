import { Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { LostError, MovedError, StreamError } from '../errors.js';
import type { SessionEnd } from '../session/outputs.js';
import { readFinalStatus } from '../wire/final-status.js';

/** What is known of a session's end beside its positions. */
export interface EndContext {
  /** The error that the application cancelled with, if it did. */
  readonly cancellation: StreamError | undefined;
  /** The status of the physical call that ended last. */
  readonly last: StatusObject | undefined;
  /** The size of the first message that the server has not processed. */
  readonly stuckBytes: number;
}

/** The status of a stream whose session ended: a plain object when it is OK, else the error to be thrown. */
export function endStatus(end: SessionEnd, context: EndContext): StatusObject | StreamError {
  switch (end.kind) {
    case 'FINISHED':
      return finalStatus(end);
    case 'PLAIN':
      return context.last === undefined || context.last.code === status.OK
        ? { code: status.OK, details: '', metadata: context.last?.metadata ?? new Metadata() }
        : new StreamError(context.last.code, context.last.details, context.last.metadata);
    case 'CANCELLED':
      return context.cancellation ?? new StreamError(status.CANCELLED, 'cancelled');
    case 'DEADLINE':
      return new StreamError(status.DEADLINE_EXCEEDED, 'deadline of the session');
    case 'MOVED':
      return new MovedError(end);
    default:
      return lostError(end, end.kind, context);
  }
}

function lostError(end: SessionEnd, kind: LostError['kind'], { last, stuckBytes }: EndContext): LostError {
  const numbers = `processed by the server: ${end.processedByPeer}, here: ${end.processedHere}`;
  if (kind === 'LOST_STUCK') {
    const reset = last !== undefined && last.code !== status.UNAVAILABLE;
    const what = `message ${end.processedByPeer + 1} of ${stuckBytes} bytes ended several ${reset ? 'streams' : 'connections'}`;
    return new LostError(
      kind,
      end,
      reset ? status.RESOURCE_EXHAUSTED : status.UNAVAILABLE,
      `session lost: ${kind}: ${what} in a row (too large for the server, or for a proxy on the way?)`,
    );
  }
  // A status that ended the session means something to the application.
  const code = kind === 'LOST_REFUSED' && last !== undefined ? last.code : status.UNAVAILABLE;
  const cause = last === undefined || last.details === '' ? '' : `; last: ${status[last.code]}: ${last.details}`;
  return new LostError(kind, end, code, `session lost: ${kind} (${numbers}${cause})`);
}

function finalStatus(end: SessionEnd): StatusObject | StreamError {
  const final = readFinalStatus(end.body);
  const metadata = new Metadata();
  for (const { key, value } of final?.trailers ?? []) {
    metadata.add(key, key.endsWith('-bin') ? value : value.toString('latin1'));
  }
  const details = final?.description ?? 'trailers: unreadable';
  return end.status === 0
    ? { code: status.OK, details, metadata }
    : new StreamError(end.status, details, metadata);
}
