import { WireError } from '../wire/fields.js';
import { SessionHandover } from '../wire/session-handover.js';
import type { ReceiveBuffer } from './receive-buffer.js';
import type { SendBuffer, SequencedMessage } from './send-buffer.js';

/**
 * The hand-over of a session to another owner: prepared by the final frame of the owner before, begun when the application was given
 * everything before that frame, and over with the welcome of the next owner.
 */
export class ClientHandover {
  private handover: SessionHandover | undefined;
  private acceptsRestart = false;
  private begun = false;

  constructor(
    private readonly sent: SendBuffer,
    private readonly received: ReceiveBuffer,
  ) {}

  /** The application takes the messages of a handler that begins anew. */
  acceptRestart(): void {
    this.acceptsRestart = true;
  }

  /** Takes the final frame of an owner that leaves; false when it hands over nothing that can be taken: then it is the end. */
  prepare(last: SequencedMessage): boolean {
    const next = read(last.body);
    if (next === undefined || next.position !== last.seq || !this.isTakeable(next)) {
      return false;
    }
    this.handover = next;
    return true;
  }

  /** Whether no owner is there: messages wait. */
  get isPending(): boolean {
    return this.handover !== undefined;
  }

  /** Whether the session may go to another owner now. */
  get isDue(): boolean {
    return this.handover !== undefined && !this.begun && this.received.mayGoOn();
  }

  begin(): void {
    this.begun = true;
  }

  get hasBegun(): boolean {
    return this.begun;
  }

  /** The value for the request headers of the next attachment. */
  get shown(): SessionHandover {
    return this.handover !== undefined && this.begun ? this.handover : SessionHandover.OFFER;
  }

  /** The lowest position that the next attachment can send. */
  get low(): number {
    return this.shown.replays ? 1 : this.sent.low;
  }

  /** The next owner has welcomed the session; returns the hand-over that it takes, undefined when there was none. */
  finish(): SessionHandover | undefined {
    if (!this.begun) {
      return undefined;
    }
    const taken = this.handover;
    if (taken?.replays) {
      this.sent.rewind();
    }
    this.received.goOn();
    this.handover = undefined;
    this.begun = false;
    return taken;
  }

  private isTakeable(next: SessionHandover): boolean {
    // A handler that begins anew is noticed only by who has messages of the one before.
    const noticed = next.restarts && next.messages > 0;
    return (!next.replays || this.sent.mayRewind()) && (!noticed || this.acceptsRestart);
  }
}

/** Nothing, and bytes of another version, end the session as they did before there were hand-overs. */
function read(body: Uint8Array): SessionHandover | undefined {
  try {
    return SessionHandover.read(body);
  } catch (error) {
    if (error instanceof WireError) {
      return undefined;
    }
    throw error;
  }
}
