import type { Attachment } from './attachment.js';
import { type CallClosure, Code } from './outputs.js';
import type { SendBuffer } from './send-buffer.js';

/** A reset of the stream alone: three of them are the limit. */
const STREAM_WEIGHT = 4;
/** A broken connection takes all its streams, so it says less: twelve of them are the limit. */
const CONNECTION_WEIGHT = 1;
const TOO_MUCH = 3 * STREAM_WEIGHT;
const TOO_OFTEN = 3;

/**
 * A counter of consecutive attachments that ended without progress after they had sent the same message, which some hop may be unable
 * to take. A suspect message is sent with a probe, and the probe's echo proves that it arrived.
 */
export class PoisonMessageDetector {
  private at = 0;
  private weight = 0;

  constructor(private readonly sent: SendBuffer) {}

  /** The probe with which a message is sent; 0 for none. */
  probe(to: Attachment, seq: number): bigint {
    const suspect = this.weight > 0 && seq === this.at && this.at === this.sent.acked + 1;
    if (!suspect || !to.handshakeComplete) {
      return 0n;
    }
    to.probes.suspectSeq = seq;
    to.probes.suspectProbe = ++to.probes.lastProbe;
    return to.probes.suspectProbe;
  }

  /** A probe came back: what was sent with it, or before it, has arrived. */
  onEcho(from: Attachment, probe: bigint): void {
    if (from.probes.suspectProbe !== 0n && probe >= from.probes.suspectProbe) {
      from.probes.arrivedSeq = from.probes.suspectSeq;
      this.weight = 0;
    }
  }

  /** An attachment ended; whether it was one too many. */
  isLimit(ended: Attachment, how: CallClosure): boolean {
    const head = this.sent.acked + 1;
    const innocent = !ended.inbound.receivedAny || ended.outbound.cursor <= head || ended.probes.arrivedSeq === head;
    if (innocent || head > this.sent.end) {
      return false;
    }
    this.weight = this.at === head ? this.weight : 0;
    this.at = head;
    const connection = how.scope === 'connection' || how.scope === 'unreached';
    this.weight += connection ? CONNECTION_WEIGHT : STREAM_WEIGHT;
    return this.weight >= TOO_MUCH;
  }
}

/**
 * A counter of consecutive attachments that ended with RESOURCE_EXHAUSTED before the next message came: that message is above the
 * receiver's size limit. Once proves nothing, as a transport says the same when a peer asks it to be calmer.
 */
export class OversizedMessageDetector {
  private behind = -1;
  private times = 0;

  /** An attachment ended; whether it was one too many. */
  isLimit(how: CallClosure, received: number): boolean {
    const here = how.scope === 'stream' && how.status === Code.RESOURCE_EXHAUSTED;
    this.times = here ? (received === this.behind ? this.times + 1 : 1) : 0;
    this.behind = received;
    return this.times >= TOO_OFTEN;
  }
}
