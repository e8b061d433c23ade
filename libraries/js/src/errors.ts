import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { LossKind } from './session/outputs.js';

/** The end of a stream with a status that is not OK: that of the server, of gRPC, or of the session. */
export class StreamError extends Error implements ServiceError {
  constructor(
    readonly code: status,
    readonly details: string,
    readonly metadata: Metadata = new Metadata(),
    options?: ErrorOptions,
  ) {
    super(`${code} ${status[code]}: ${details}`, options);
    this.name = 'StreamError';
  }
}

/** The last positions of a session that are known. Messages of each direction count from 1. */
export interface Positions {
  /** Everything up to this message was processed by the server. */
  readonly processedByPeer: number;
  /** Everything up to this message was processed here. */
  readonly processedHere: number;
}

/** The session can't be kept. Messages after `processedByPeer` may have been processed by the server or not. */
export class LostError extends StreamError implements Positions {
  readonly processedByPeer: number;
  readonly processedHere: number;

  constructor(
    readonly kind: LossKind,
    positions: Positions,
    code: status,
    details: string,
  ) {
    super(code, details);
    this.name = 'LostError';
    this.processedByPeer = positions.processedByPeer;
    this.processedHere = positions.processedHere;
  }
}

/**
 * The server's instance leaves, and has processed exactly the messages up to `processedByPeer`: a successor of the stream begins with
 * the next one.
 */
export class MovedError extends StreamError implements Positions {
  readonly processedByPeer: number;
  readonly processedHere: number;

  constructor(positions: Positions) {
    super(status.UNAVAILABLE, `session moved: processed up to ${positions.processedByPeer} (expected: a successor stream)`);
    this.name = 'MovedError';
    this.processedByPeer = positions.processedByPeer;
    this.processedHere = positions.processedHere;
  }
}
