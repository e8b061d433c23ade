import type { Attachment } from './attachment.js';
import type { Deadlines } from './deadlines.js';
import type { ReceiveBuffer } from './receive-buffer.js';
import type { SendBuffer } from './send-buffer.js';

const FIRST_PATIENCE_MILLIS = 1_000;
const LONGEST_PATIENCE_MILLIS = 30_000;

/**
 * When an attachment is asked for one more message.
 *
 * Credit can't be taken back, and a server may fill old credit with large messages. So nothing is read while too much waits for the
 * application, and the rest stays in HTTP/2's flow-control window. Acks can't be read meanwhile either: when they are awaited for long
 * the attachment is replaced, because a handshake acknowledges too.
 */
export class InboundFlow {
  private pausedAt = 0;
  private patience = FIRST_PATIENCE_MILLIS;

  constructor(
    private readonly received: ReceiveBuffer,
    private readonly sent: SendBuffer,
  ) {}

  /** Whether to ask for one more message now; if so it counts as asked for. */
  isDue(now: number, from: Attachment): boolean {
    const { inbound } = from;
    if (inbound.requested > 0 || !(from.handshakeComplete || from.plain)) {
      return false;
    }
    if (from.plain) {
      // It knows no credit, and gets the application's own demand.
      inbound.requested = this.received.isStarved() ? 1 : 0;
      return inbound.requested > 0;
    }
    // What was received before is dropped, and what stands in its header is read.
    const repeated = inbound.lastSeq < this.received.received;
    if (!this.received.wantsMore() && !repeated) {
      if (!inbound.paused) {
        inbound.paused = true;
        this.pausedAt = now;
      }
      return false;
    }
    if (inbound.paused) {
      inbound.paused = false;
      // Nothing could be heard meanwhile, which says nothing of the path.
      inbound.heardAt = now;
      this.patience = FIRST_PATIENCE_MILLIS;
    }
    inbound.requested = 1;
    return true;
  }

  /** Whether acks have been held up for so long that another attachment should bring them. */
  isHeldUp(now: number, on: Attachment): boolean {
    if (!this.mayBeHeldUp(on) || now - this.pausedAt < this.patience) {
      return false;
    }
    this.pausedAt = now;
    this.patience = Math.min(2 * this.patience, LONGEST_PATIENCE_MILLIS);
    return true;
  }

  addDeadlines(deadlines: Deadlines, on: Attachment): void {
    if (this.mayBeHeldUp(on)) {
      deadlines.after(this.pausedAt, this.patience);
    }
  }

  private mayBeHeldUp(on: Attachment): boolean {
    return on.inbound.paused && this.sent.acked < this.sent.sent;
  }
}
