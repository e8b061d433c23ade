/** The status of a call, as the gateway writes it: a `google.rpc.Status` in JSON. */
export interface GatewayStatus {
  /** The number of the gRPC status; 0 is OK. */
  readonly code: number;
  readonly message: string;
  readonly details: readonly StatusDetail[];
}

/** A detail of a status, for example a `google.rpc.ErrorInfo` with `reason` and `metadata`. */
export interface StatusDetail {
  readonly '@type': string;
  readonly [field: string]: unknown;
}

/** The numbers of the gRPC statuses that a stream makes itself. */
export const Code = { OK: 0, CANCELLED: 1, UNKNOWN: 2, RESOURCE_EXHAUSTED: 8, ABORTED: 10, INTERNAL: 13, UNAVAILABLE: 14 } as const;

/** The end of a stream with a status that is not OK: that of the service, of the gateway, or of this side. */
export class StreamError extends Error {
  constructor(
    readonly status: GatewayStatus,
    options?: ErrorOptions,
  ) {
    super(`${status.code}: ${status.message}`, options);
    this.name = 'StreamError';
  }
}

/**
 * The reason for which a stream can't go on.
 *
 * - `UNKNOWN`: the gateway has no such session: its time has passed, the gateway was restarted, or the principal is another
 * - `TOO_LATE`: messages behind the last one received are no longer kept
 * - `SUPERSEDED`: another reader took the session over
 * - `REFUSED`: the gateway and this side disagree about the position or the request
 * - `NOT_KEPT`: the connection broke, and the gateway had not kept the stream
 * - `UNREACHABLE`: no connection for as long as `patienceMillis`
 */
export type LossKind = 'UNKNOWN' | 'TOO_LATE' | 'SUPERSEDED' | 'REFUSED' | 'NOT_KEPT' | 'UNREACHABLE';

/** The last positions of a stream that are known. Messages of each direction count from 1. */
export interface StreamPositions {
  /** The messages that arrived here; the first one that is missing is the next. */
  readonly received: number;
  /** The messages of this side that the gateway is known to have. */
  readonly arrived: number;
  /** The messages that were given to `write`; those behind `arrived` may have arrived or not. */
  readonly written: number;
  /** The first message that the gateway still has, where it said so; those between `received` and it are gone. */
  readonly firstKept?: number;
}

/** The session of a stream is lost. The positions say what is missing. */
export class LostError extends StreamError {
  constructor(
    readonly kind: LossKind,
    readonly positions: StreamPositions,
    status: GatewayStatus,
    options?: ErrorOptions,
  ) {
    super(status, options);
    this.name = 'LostError';
  }
}

/** A status with a number and a text. */
export function statusOf(code: number, message: string): GatewayStatus {
  return { code, message, details: [] };
}

/** The status in a value that was parsed as JSON; INTERNAL where it is none. */
export function parseStatus(value: unknown): GatewayStatus {
  const fields = (typeof value === 'object' && value !== null ? value : {}) as Partial<GatewayStatus>;
  if (fields.code !== undefined && typeof fields.code !== 'number') {
    return statusOf(Code.INTERNAL, `the status is malformed: ${JSON.stringify(value).slice(0, 200)} (expected: google.rpc.Status)`);
  }
  return { code: fields.code ?? Code.OK, message: fields.message ?? '', details: fields.details ?? [] };
}

/** The error that stands for a status of the gateway or the service. */
export function errorOf(status: GatewayStatus, positions: StreamPositions): StreamError {
  const info = status.details.find((each) => each['domain'] === 'holdfast' && String(each['reason']).startsWith('RESUME_'));
  if (info === undefined) {
    return new StreamError(status);
  }
  const reason = String(info['reason']).slice('RESUME_'.length);
  const kind = reason === 'UNKNOWN' || reason === 'TOO_LATE' || reason === 'SUPERSEDED' ? reason : 'REFUSED';
  const firstKept = Number((info['metadata'] as Record<string, string> | undefined)?.['firstKept']);
  return new LostError(kind, Number.isSafeInteger(firstKept) ? { ...positions, firstKept } : positions, status);
}
