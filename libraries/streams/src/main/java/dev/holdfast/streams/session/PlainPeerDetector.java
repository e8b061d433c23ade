package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.SequencedMessage;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.internal.Handshake;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The steps by which a client decides whether a silent peer has sessions. A peer without sessions
 * may send nothing until it gets messages that a peer with sessions would wait for.
 *
 * <p>The steps escalate, because a peer may just be slow. After a while the client writes more than
 * a server with sessions must accept, and keeps everything, so that a welcome may still arrive. The
 * written messages are dropped only when no more can be kept and no welcome would be awaited any
 * longer.
 */
@PureCore
final class PlainPeerDetector {
  /** An action after a time of silence. */
  enum FallbackStep {
    /** Give up: the application is done, and no peer needs to be told. */
    GIVE_UP,
    /** Write before the welcome, although the first message was to wait for it. */
    WRITE,
    /** Half-close the request side, with nothing else left to send. */
    HALF_CLOSE,
    /** Write beyond the initial credit, and keep everything. */
    WRITE_ON,
    /** Treat the peer as one without sessions. */
    PLAIN
  }

  private final SessionOptions.Timing timing;
  private boolean mayBePlain;
  private boolean likely;

  PlainPeerDetector(SessionOptions.Timing timing) {
    this.timing = timing;
  }

  void begin(ClientSession.Peer peer) {
    mayBePlain = peer == ClientSession.Peer.UNKNOWN || peer == ClientSession.Peer.LIKELY_PLAIN;
    likely = peer == ClientSession.Peer.LIKELY_PLAIN;
  }

  /** Ends the doubt: the peer has shown that it knows sessions. */
  void end() {
    mayBePlain = false;
  }

  boolean mayBePlain() {
    return mayBePlain;
  }

  /** A plain peer's headers may come with its first message, whenever that is. */
  boolean mayStaySilent(StreamAttachment opening) {
    return opening.plain || (opening.opening.first && mayBePlain);
  }

  /** The next action if the peer of a first attachment stays silent; null for none. */
  @Nullable FallbackStep next(StreamAttachment opening, SendBuffer sendBuffer, boolean ended) {
    if (!opening.opening.first || !mayBePlain || opening.plain || opening.outbound.halfClosed) {
      return null;
    }
    if (ended) {
      return FallbackStep.GIVE_UP;
    }
    if (!opening.opening.mayWriteBeforeWelcome) {
      return sendBuffer.end() > 0 ? FallbackStep.WRITE : null;
    }
    SequencedMessage waiting = sendBuffer.at(opening.outbound.cursor);
    if (waiting != null && (waiting.flags() & Flag.HALF_CLOSE) != 0) {
      return FallbackStep.HALF_CLOSE;
    }
    if (!opening.opening.mayExceedInitialCredit) {
      boolean held = waiting != null && opening.outbound.cursor > Handshake.INITIAL_CREDIT;
      return held || !sendBuffer.isReady() ? FallbackStep.WRITE_ON : null;
    }
    return waiting == null && !sendBuffer.isReady() ? FallbackStep.PLAIN : null;
  }

  /** The time of silence before a step. */
  Duration patience(FallbackStep fallbackStep) {
    // A welcome that takes longer than any handshake may is not waited for.
    boolean sure = fallbackStep == FallbackStep.PLAIN && !likely;
    return sure && timing.handshake().compareTo(timing.assumePlain()) > 0
        ? timing.handshake()
        : timing.assumePlain();
  }
}
