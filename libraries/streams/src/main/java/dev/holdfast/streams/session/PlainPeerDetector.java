package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.FirstMessage;
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
 *
 * <p>A server without sessions answers a method in one direction only after the half-close, or
 * after everything before it. There the steps are taken at once, unless the same method has found
 * sessions before.
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
  private final boolean atOnce;
  private MethodKind kind = MethodKind.BIDIRECTIONAL;
  private ClientSession.Peer peer = ClientSession.Peer.HOLDFAST;
  private boolean mayBePlain;

  PlainPeerDetector(SessionOptions options) {
    this.timing = options.timing();
    this.atOnce = options.firstMessage() == FirstMessage.AT_ONCE;
  }

  void begin(ClientSession.Peer newPeer, MethodKind newKind) {
    peer = newPeer;
    kind = newKind;
    // An instance without the method's sessions may stand beside those with them, and would wait
    // for ever: a proof says what to expect, not what must be.
    boolean doubted = atOnce && isOneDirection() && peer == ClientSession.Peer.HOLDFAST;
    mayBePlain = doubted || peer == ClientSession.Peer.UNKNOWN || isLikely();
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
    return opening.plain || (opening.opening().first && mayBePlain);
  }

  /**
   * Whether the end of an attachment that nobody answered is that of a plain peer's call. A peer
   * without sessions answers a method in one direction late, one with them at once; and its caller
   * is told of a lost connection when it is lost.
   */
  boolean isPlainCallsEnd(long nowNanos, StreamAttachment opening) {
    Duration silence =
        peer == ClientSession.Peer.HOLDFAST ? timing.handshake() : timing.assumePlain();
    return mayBePlain && isOneDirection() && (isLikely() || isSilent(nowNanos, opening, silence));
  }

  /** The next action if the peer of a first attachment stays silent; null for none. */
  @Nullable FallbackStep next(StreamAttachment opening, SendBuffer sendBuffer, boolean ended) {
    if (!opening.opening().first || !mayBePlain || opening.plain) {
      return null;
    }
    if (ended) {
      return FallbackStep.GIVE_UP;
    }
    if (opening.outbound.halfClosed) {
      return null;
    }
    if (!opening.opening().mayWriteBeforeWelcome) {
      return sendBuffer.end() > 0 ? FallbackStep.WRITE : null;
    }
    SequencedMessage waiting = sendBuffer.at(opening.outbound.cursor);
    if (waiting != null && (waiting.flags() & Flag.HALF_CLOSE) != 0) {
      return FallbackStep.HALF_CLOSE;
    }
    if (!opening.opening().mayExceedInitialCredit) {
      boolean held = waiting != null && opening.outbound.cursor > Handshake.INITIAL_CREDIT;
      return held || !sendBuffer.isReady() ? FallbackStep.WRITE_ON : null;
    }
    return waiting == null && !sendBuffer.isReady() ? FallbackStep.PLAIN : null;
  }

  /** Whether it is time for a step. */
  boolean isDue(long nowNanos, StreamAttachment opening, FallbackStep fallbackStep) {
    Duration patience = patience(fallbackStep);
    return patience.isZero()
        || (fallbackStep == FallbackStep.GIVE_UP
            ? nowNanos - opening.openedNanos() >= patience.toNanos()
            : isSilent(nowNanos, opening, patience));
  }

  /** When {@link #isDue} may be true. */
  void addDeadlines(
      EarliestDeadline earliestDeadline, StreamAttachment opening, FallbackStep fallbackStep) {
    Duration patience = patience(fallbackStep);
    if (fallbackStep == FallbackStep.GIVE_UP || patience.isZero()) {
      earliestDeadline.after(opening.openedNanos(), patience);
    } else if (!opening.opening().helloUnsent) {
      earliestDeadline.after(opening.opening().silentSinceNanos, patience);
    }
  }

  /** While a call waits for a connection, its silence says nothing of a server. */
  private static boolean isSilent(long nowNanos, StreamAttachment opening, Duration silence) {
    return !opening.opening().helloUnsent
        && nowNanos - opening.opening().silentSinceNanos >= silence.toNanos();
  }

  /** The time of silence before a step; zero for none. */
  private Duration patience(FallbackStep fallbackStep) {
    return switch (fallbackStep) {
      case WRITE -> timing.assumePlain();
      case GIVE_UP -> isOneDirection() && isLikely() ? Duration.ZERO : timing.assumePlain();
      case HALF_CLOSE -> endsRequestsAtOnce() ? Duration.ZERO : timing.assumePlain();
      case WRITE_ON -> kind == MethodKind.CLIENT_STREAMING ? Duration.ZERO : timing.assumePlain();
      case PLAIN -> beforePlain();
    };
  }

  /**
   * Whether the half-close is next to the last message. A server-streaming call keeps its request
   * side open where sessions are expected: acks need it. A client-streaming call has one answer to
   * acknowledge, which can be done on another attachment.
   */
  private boolean endsRequestsAtOnce() {
    return kind == MethodKind.CLIENT_STREAMING
        || (kind == MethodKind.SERVER_STREAMING && peer != ClientSession.Peer.HOLDFAST);
  }

  private Duration beforePlain() {
    if (kind == MethodKind.CLIENT_STREAMING && isLikely()) {
      return Duration.ZERO;
    }
    // A welcome that takes longer than any handshake may is not waited for.
    boolean sure = isOneDirection() ? peer == ClientSession.Peer.HOLDFAST : !isLikely();
    return sure && timing.handshake().compareTo(timing.assumePlain()) > 0
        ? timing.handshake()
        : timing.assumePlain();
  }

  private boolean isOneDirection() {
    return kind != MethodKind.BIDIRECTIONAL;
  }

  private boolean isLikely() {
    return peer == ClientSession.Peer.LIKELY_PLAIN;
  }
}
