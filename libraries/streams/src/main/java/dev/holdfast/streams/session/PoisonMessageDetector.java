package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;

/**
 * A counter of consecutive attachments that ended without progress after they had sent the same
 * message. A message that some hop can't take would otherwise be repeated for ever.
 *
 * <p>A message that arrived broke nothing, however long the peer's application leaves it unread: a
 * suspect is sent with a probe, and the probe's echo acquits it.
 */
@PureCore
final class PoisonMessageDetector {
  /** A reset of the stream alone: three of them are the limit. */
  static final int STREAM_WEIGHT = 4;

  /** A broken connection takes all its streams, so it says less: twelve of them are the limit. */
  static final int CONNECTION_WEIGHT = 1;

  static final int TOO_MUCH = 3 * STREAM_WEIGHT;

  private final SendBuffer sendBuffer;
  private final SessionRules rules;
  private long at;
  private int weight;

  PoisonMessageDetector(SendBuffer sendBuffer, SessionRules rules) {
    this.sendBuffer = sendBuffer;
    this.rules = rules;
  }

  /** The probe with which a message is sent; 0 for none, as one asks only of a suspect. */
  long probe(StreamAttachment to, long seq) {
    boolean suspect = weight > 0 && seq == at && at == sendBuffer.acked() + 1;
    if (!suspect || !to.handshakeComplete || !rules.clearsArrivedMessages()) {
      return 0;
    }
    long probe = ++to.probes.lastProbe;
    to.probes.suspect = new StreamAttachment.Suspect(seq, probe);
    return probe;
  }

  /** A probe came back: what was sent with it, or before it, has arrived. */
  void onEcho(StreamAttachment from, long probe) {
    StreamAttachment.Suspect sent = from.probes.suspect;
    if (sent != null && probe >= sent.probe) {
      sent.arrived = true;
      weight = 0;
    }
  }

  /** An attachment ended; returns whether it was one too many. */
  boolean isLimit(StreamAttachment ended, CallClosure how) {
    long head = sendBuffer.acked() + 1;
    StreamAttachment.Suspect sent = ended.probes.suspect;
    // Who never heard of it may have given it up before it was let in.
    if (!ended.inbound.receivedAny
        || head > sendBuffer.end()
        || ended.outbound.cursor <= head
        || (sent != null && sent.arrived && sent.seq == head)) {
      return false;
    }
    weight = at == head ? weight : 0;
    at = head;
    boolean connection = how.isConnection();
    weight += connection ? CONNECTION_WEIGHT : STREAM_WEIGHT;
    return weight >= TOO_MUCH;
  }
}
