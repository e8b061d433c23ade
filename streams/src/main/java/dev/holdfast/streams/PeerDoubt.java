package dev.holdfast.streams;

import dev.holdfast.core.PureCore;
import dev.holdfast.streams.Outbox.Item;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import dev.holdfast.streams.wire.Handshake;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a client believes of a peer that has said nothing yet: one without sessions may say nothing
 * before it gets what is held back from a peer with sessions.
 *
 * <p>Doubt comes in steps, because a peer may just be slow. After a while more is written than a
 * server with sessions need take, and everything is kept, so that a welcome may still come. Only
 * when no more can be kept, and no welcome would be waited for any longer, what was written is let
 * go.
 */
@PureCore
final class PeerDoubt {
  /** What silence leads to. */
  enum Step {
    /** Nothing more to hold back: the application is done, and nobody needs to know. */
    GIVE_UP,
    /** Write before the welcome, although it was to be waited for. */
    WRITE,
    /** End the request side, which is all that is left to say. */
    HALF_CLOSE,
    /** Write beyond the initial credit, and keep everything. */
    WRITE_ON,
    /** It is one without sessions. */
    PLAIN
  }

  private final SessionOptions.Timing timing;
  private boolean mayBePlain;
  private boolean likely;

  PeerDoubt(SessionOptions.Timing timing) {
    this.timing = timing;
  }

  void begin(ClientSession.Peer peer) {
    mayBePlain = peer == ClientSession.Peer.UNKNOWN || peer == ClientSession.Peer.LIKELY_PLAIN;
    likely = peer == ClientSession.Peer.LIKELY_PLAIN;
  }

  /** It has shown that it knows sessions. */
  void end() {
    mayBePlain = false;
  }

  boolean mayBePlain() {
    return mayBePlain;
  }

  /** A plain peer's headers may come with its first message, whenever that is. */
  boolean mayStaySilent(StreamAttachment opening) {
    return opening.plain || (opening.first && mayBePlain);
  }

  /** What is next if the peer of a first attachment goes on being silent; null for nothing. */
  @Nullable Step next(StreamAttachment opening, Outbox outbox, boolean ended) {
    if (!opening.first || !mayBePlain || opening.plain || opening.halfClosed) {
      return null;
    }
    if (ended) {
      return Step.GIVE_UP;
    }
    if (!opening.mayWriteUnproved) {
      return outbox.end() > 0 ? Step.WRITE : null;
    }
    Item waiting = outbox.at(opening.cursor);
    if (waiting != null && (waiting.flags() & Flag.HALF_CLOSE) != 0) {
      return Step.HALF_CLOSE;
    }
    if (!opening.assumed) {
      boolean held = waiting != null && opening.cursor > Handshake.INITIAL_CREDIT;
      return held || !outbox.isReady() ? Step.WRITE_ON : null;
    }
    return waiting == null && !outbox.isReady() ? Step.PLAIN : null;
  }

  /** How long a silence leads to a step. */
  Duration patience(Step step) {
    // A welcome that takes longer than any handshake may is not waited for.
    boolean sure = step == Step.PLAIN && !likely;
    return sure && timing.handshake().compareTo(timing.assumePlain()) > 0
        ? timing.handshake()
        : timing.assumePlain();
  }
}
