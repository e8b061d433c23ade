import type { Attachment } from './attachment.js';

/** A server may be slow once; an answer after the half-close twice in a row is the path. */
const PROOFS = 2;

/**
 * The way of a session whose client has half-closed through hops that pass a request on only when it is complete. Each later attachment is
 * half-closed when nobody answers it, and at once when that has helped before. Its hello acknowledges and gives credit, and the server
 * goes on to the end of that credit; then the next attachment follows. Only a session that has nothing more to send than acks can go
 * this way.
 */
export class HalfDuplexPath {
  private proofs = 0;

  /**
   * The attachment was welcomed.
   *
   * @param ended whether the application knows the end, which is to be acknowledged soon
   */
  onAnswered(welcomed: Attachment, ended: boolean): void {
    if (welcomed.opening.first) {
      return;
    }
    const { outbound } = welcomed;
    this.proofs = outbound.halfClosed ? Math.min(PROOFS, this.proofs + 1) : 0;
    outbound.sparing = outbound.halfClosed && !ended;
  }

  /** An attempt came to nothing: whether answers come behind the half-close is to be seen again. */
  onFailed(): void {
    this.proofs = 0;
  }

  /** Whether the path was found, so that silence need not be waited for. */
  get proved(): boolean {
    return this.proofs >= PROOFS;
  }

  /** Whether the half-close may help this attachment, of a session that has nothing left to send. */
  mayHelp(opening: Attachment): boolean {
    const { first, queued } = opening.opening;
    return !first && !queued && !opening.plain && !opening.outbound.halfClosed;
  }
}
