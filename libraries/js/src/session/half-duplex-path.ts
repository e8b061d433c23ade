import type { Attachment } from './attachment.js';
import type { MethodKind } from './plain-peer.js';

/** A server may be slow once; an answer after the half-close twice in a row is the path. */
const PROOFS = 2;

/** A path that was only slow for a while is found out within a minute. */
const VALID_MILLIS = 60_000;

/**
 * The way of a server-streaming session through hops that pass a request on only when it is complete. Each later attachment is half-closed
 * when nobody answers it, and at once when that has helped before. Its hello acknowledges and gives credit, and the server goes on to the
 * end of that credit; then the next attachment follows. Only a session that has nothing more to send than acks can go this way.
 */
export class HalfDuplexPath {
  private possible = false;
  private proofs = 0;
  private provedAt = 0;

  /** A server without sessions would take a half-closed call of another kind for a whole one. */
  begin(kind: MethodKind): void {
    this.possible = kind === 'server-streaming';
  }

  /**
   * The attachment was welcomed.
   *
   * @param ended whether the application knows the end, which is to be acknowledged soon
   */
  onAnswered(now: number, welcomed: Attachment, ended: boolean): void {
    if (welcomed.opening.first) {
      return;
    }
    const { outbound } = welcomed;
    if (!outbound.halfClosed) {
      this.proofs = 0;
    } else if (this.proofs < PROOFS) {
      this.proofs++;
      this.provedAt = now;
    }
    outbound.sparing = outbound.halfClosed && !ended;
  }

  /** An attempt came to nothing: whether answers come behind the half-close is to be seen again. */
  onFailed(): void {
    this.proofs = 0;
  }

  /** Whether the path was found, so that silence need not be waited for. */
  isProved(now: number): boolean {
    if (this.proofs >= PROOFS && now - this.provedAt >= VALID_MILLIS) {
      this.proofs = 0;
    }
    return this.proofs >= PROOFS;
  }

  /** Whether the half-close may help this attachment, of a session that has nothing left to send. */
  mayHelp(opening: Attachment): boolean {
    const { first, queued } = opening.opening;
    return this.possible && !first && !queued && !opening.plain && !opening.outbound.halfClosed;
  }
}
