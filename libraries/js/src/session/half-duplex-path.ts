import type { Attachment } from './attachment.js';
import type { MethodKind } from './plain-peer.js';

/** A server may be slow once; an answer after the half-close twice in a row is the path. */
const PROOFS = 2;

/**
 * The way of a server-streaming session through hops that pass a request on only when it is complete. Each later attachment is half-closed
 * when nobody answers it, and at once when that has helped before. Its hello acknowledges and gives credit, and the server goes on to the
 * end of that credit; then the next attachment follows. Only a session that has nothing more to send than acks can go this way.
 */
export class HalfDuplexPath {
  private possible = false;
  private proofs = 0;

  begin(kind: MethodKind): void {
    this.possible = kind === 'server-streaming';
  }

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

  /** Whether the path was found, so that silence need not be waited for. */
  get proved(): boolean {
    return this.proofs >= PROOFS;
  }

  /** Whether the half-close may help this attachment, of a session that has nothing left to send. */
  mayHelp(opening: Attachment): boolean {
    const { first, queued } = opening.opening;
    return this.possible && !first && !queued && !opening.plain && !opening.outbound.halfClosed;
  }
}
