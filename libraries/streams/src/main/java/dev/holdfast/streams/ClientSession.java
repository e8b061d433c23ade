package dev.holdfast.streams;

import dev.holdfast.core.PureCore;
import dev.holdfast.streams.Outbox.Item;
import dev.holdfast.streams.SessionEnd.Kind;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import dev.holdfast.streams.wire.Refusal;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.Welcome;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The client side of a session. It opens attachments: at the start, after a cut, in a race against
 * a silent one, and before an old one ends.
 *
 * <p>The first attachment sends at once. Each later one waits for its welcome, so that a peer that
 * does not know the session never gets a message that another one may have processed. Attachment
 * numbers ascend with every attempt. After its end was reported the session may linger, until the
 * server has confirmed the end.
 */
@PureCore
public final class ClientSession extends AttachingSession {

  private final OversizedMessage oversized = new OversizedMessage();
  private boolean welcomed;

  /** The last attempt to come back was answered by a status that may pass. */
  private boolean refused;

  private final Linger linger = new Linger();

  /**
   * A session that has not begun.
   *
   * @param id 128 bits of a secure random source
   * @param random for delays and tags
   */
  public ClientSession(
      SessionId id, SessionOptions options, SessionRules rules, RandomGenerator random) {
    super(id, options, rules, random);
  }

  /** The client's knowledge of the peer before the first attachment. */
  public enum Peer {
    /** The peer is not known: after a while of silence it is treated as one without sessions. */
    UNKNOWN,
    /** The peer supports sessions: it welcomed one before, or the configuration says so. */
    HOLDFAST,
    /** The peer probably lacks sessions, because earlier peers of the channel lacked them. */
    LIKELY_PLAIN,
    /** The peer lacks sessions: the stream runs as plain gRPC. */
    PLAIN
  }

  /**
   * Starts the session with its first attachment.
   *
   * @param deadline time until the session ends with DEADLINE; zero for none
   * @param peer the knowledge of the peer, from earlier sessions of the channel or from
   *     configuration
   */
  public void start(long nowNanos, Duration deadline, Peer peer) {
    if (!deadline.isZero()) {
      deadlineNanos = nowNanos + deadline.toNanos();
    }
    openFirst(nowNanos, peer);
    if (pending != null) {
      pending.plain = peer == Peer.PLAIN;
    }
  }

  /** The application will send no more. */
  public void halfClose() {
    reopening.onHalfClose(outbox);
  }

  /** The application wants no more: it is told so at once, and the server as soon as possible. */
  public void cancel(long nowNanos) {
    if (end == null) {
      linger.cancel();
      conclude(nowNanos, SessionEnd.of(Kind.CANCELLED, this));
    }
  }

  /** The server's response headers came with a welcome. */
  public void onWelcome(long nowNanos, StreamAttachment from, Welcome welcome) {
    if (from != pending || state().isTerminal()) {
      return;
    }
    // A server that forgot what it had acknowledged would want what is no longer held. A hello may
    // be older than acks that overtook it; a welcome can't.
    // On the call that was taken for a plain one too early all that was let go is on its way.
    boolean forgot = !from.plain && welcome.watermark() < outbox.low() - 1;
    if (forgot || !agrees(welcome.watermark(), welcome.low())) {
      giveUp(nowNanos, Kind.LOST_GAP);
    }
    if (current != null && current != from) {
      close(current, AttachmentEnd.REPLACED);
    }
    token = welcome.token();
    attempts.onWelcome(welcome);
    acks.follow(rules.ackPolicy(options, welcome));
    welcomed = true;
    refused = false;
    touched = true;
    attached(nowNanos);
    long next = from.mayWriteUnproved ? from.cursor : welcome.watermark() + 1;
    if (state() == SessionState.DETACHED) {
      become(SessionState.RESUMING);
    }
    doubt.end();
    from.plain = false;
    from.heard = true;
    carry(nowNanos, from, welcome.low(), welcome.credit(), next);
    if (from.halfClosed) {
      // The welcome came after we took the peer for a plain one: acks need an open request side.
      drain(nowNanos, from);
    }
  }

  /** The server's response headers came without a welcome: it knows no sessions. */
  public void onPlain(long nowNanos, StreamAttachment from) {
    if (from != pending || state().isTerminal()) {
      return;
    }
    if (linger.isCancel()) {
      finish();
    } else if (welcomed || (touched && options.level() != Level.REOPEN)) {
      // Somebody else is there now, and the session is not.
      lose(Kind.LOST_UNKNOWN);
    } else {
      if (touched && !reopening.isWithheld()) {
        reopening.onCut(outbox);
      }
      becomePlain(from);
      current = from;
      attached(nowNanos);
      attempts.onAnswered();
      become(SessionState.ATTACHED);
      if (reopening.isWithheld()) {
        outputs.add(new SessionOutput.Reopened());
      }
    }
  }

  /** The server refused the attachment, or replaced it by another one. */
  public void onRefused(long nowNanos, StreamAttachment from, Refusal refusal) {
    if (state().isTerminal()) {
      return;
    }
    if (from != pending) {
      onClosed(nowNanos, from, PhysicalEnd.connection());
      return;
    }
    doubt.end();
    if (end != null
        && refusal.code() != Refusal.Code.BUSY
        && refusal.code() != Refusal.Code.MOVED) {
      finish();
      return;
    }
    if (refusal.code() == Refusal.Code.BUSY || refusal.code() == Refusal.Code.MOVED) {
      // What it was sent it has not taken.
      from.touched = false;
    }
    switch (refusal.code()) {
      case UNKNOWN -> {
        if (options.level() == Level.REOPEN && !welcomed) {
          pending = null;
          reopen(nowNanos);
        } else {
          lose(Kind.LOST_UNKNOWN);
        }
      }
      case EXPIRED -> lose(Kind.LOST_EXPIRED);
      case GAP -> lose(Kind.LOST_GAP);
      case DENIED -> lose(Kind.LOST_DENIED);
      case FENCED -> attemptFailed(nowNanos, 0);
      case BUSY -> attemptFailed(nowNanos, refusal.retryAfterMillis());
      case MOVED -> {
        if (attempts.follow(refusal.address())) {
          pending = null;
          open(nowNanos);
        } else {
          attemptFailed(nowNanos, 0);
        }
      }
    }
  }

  @Override
  public void onClosed(long nowNanos, StreamAttachment attachment, PhysicalEnd how) {
    if (state().isTerminal()) {
      return;
    }
    boolean wasCurrent = attachment == current;
    if (attachment == pending) {
      pendingClosed(nowNanos, attachment, how);
    } else if (wasCurrent && attachment.plain) {
      plainClosed(nowNanos, how);
    } else if (wasCurrent) {
      currentClosed(nowNanos, attachment, how);
    }
  }

  /** A server ends its half only together with the call. */
  @Override
  public void onHalfClosed(long nowNanos, StreamAttachment attachment) {}

  @Override
  public void onTimeout(long nowNanos) {
    if (state().isTerminal()) {
      return;
    }
    if (end == null && Due.isOver(nowNanos, deadlineNanos)) {
      tell(SessionEnd.of(Kind.DEADLINE, this));
      finish();
    } else if (linger.isOver(nowNanos)) {
      finish();
    } else if (attempts.isHopeless(nowNanos)) {
      lose(refused ? Kind.LOST_REFUSED : Kind.LOST_UNREACHABLE);
    } else {
      keepAttached(nowNanos);
    }
  }

  @Override
  void addDeadlines(Due due) {
    super.addDeadlines(due);
    linger.addDeadlines(due);
    due.at(end == null ? deadlineNanos : null);
  }

  @Override
  void onFlags(long nowNanos, StreamAttachment from, FrameHeader header) {
    leaving |= header.has(Flag.LEAVING);
    if (header.has(Flag.DRAIN) && !header.has(Flag.LEAVING)) {
      drain(nowNanos, from);
    }
  }

  @Override
  void onUnmarked(long nowNanos, StreamAttachment from, Payload body) {
    if (from.plain) {
      if (end == null) {
        // It knows no credit: the transport asks it for what the application wants.
        inbox.accept(inbox.received() + 1, 0, 0, body);
        onProgress();
      }
    } else {
      broken(nowNanos, from);
    }
  }

  @Override
  void onFinal(long nowNanos, Item item) {
    boolean moved = (item.flags() & Flag.MOVED) != 0;
    Kind kind = moved ? Kind.MOVED : Kind.FINISHED;
    conclude(nowNanos, SessionEnd.of(kind, item.status(), item.body(), this));
  }

  @Override
  @Nullable StreamAttachment writing() {
    if (current != null) {
      return current;
    }
    return pending != null && (pending.mayWriteUnproved || pending.plain) ? pending : null;
  }

  @Override
  boolean maySend(StreamAttachment attachment, Item item) {
    if (end != null || leaving || reopening.isWithheld()) {
      return false;
    }
    boolean halfClose = (item.flags() & Flag.HALF_CLOSE) != 0;
    // A plain peer gives no credit; its transport slows us down.
    return attachment.plain
        || (attachment.assumed && !attachment.proved && !halfClose)
        || ((attachment.proved || !halfClose) && super.maySend(attachment, item));
  }

  @Override
  int wantedFlags() {
    return linger.flags() | (leaving && end == null ? Flag.SETTLED : 0);
  }

  @Override
  void broken(long nowNanos, StreamAttachment attachment) {
    close(attachment, AttachmentEnd.BROKEN);
    currentClosed(nowNanos, attachment, PhysicalEnd.stream(PhysicalEnd.UNAVAILABLE));
  }

  @Override
  void pendingClosed(long nowNanos, StreamAttachment attachment, PhysicalEnd how) {
    if (how.kind() == PhysicalEnd.Kind.UNREACHED) {
      attachment.touched = false;
    }
    boolean status =
        how.kind() == PhysicalEnd.Kind.STATUS && how.status() != PhysicalEnd.UNAVAILABLE;
    boolean unsure = doubt.mayBePlain() && (touched || attachment.touched);
    refused = welcomed && how.mayPass();
    if (welcomed && current == null && how.isUnrepeatable() && rules.endsSession(how)) {
      lose(Kind.LOST_REFUSED);
    } else if (end != null || welcomed || !(status || attachment.plain || unsure)) {
      attemptFailed(nowNanos, 0);
    } else if (options.level() == Level.REOPEN && !status) {
      pending = null;
      reopen(nowNanos);
    } else if (status || attachment.plain) {
      pending = null;
      tell(SessionEnd.of(Kind.PLAIN, how.status(), how.trailers(), this));
      finish();
    } else {
      attemptFailed(nowNanos, 0);
    }
  }

  @Override
  void currentClosed(long nowNanos, StreamAttachment attachment, PhysicalEnd how) {
    if (end != null && how.kind() == PhysicalEnd.Kind.STATUS) {
      finish();
    } else {
      if (isStuck(attachment, how)) {
        giveUp(nowNanos, Kind.LOST_STUCK);
      } else if (how.isUnrepeatable() || oversized.isLimit(how, inbox.received())) {
        giveUp(nowNanos, Kind.LOST_REFUSED);
      }
      current = null;
      if (pending == null) {
        detach(nowNanos, 0);
      } else {
        attempts.alone(nowNanos);
        become(SessionState.RESUMING);
      }
    }
  }

  private void plainClosed(long nowNanos, PhysicalEnd how) {
    boolean again = options.level() == Level.REOPEN && how.kind() != PhysicalEnd.Kind.STATUS;
    current = null;
    if (again && end == null) {
      reopen(nowNanos);
    } else {
      tell(SessionEnd.of(Kind.PLAIN, how.status(), how.trailers(), this));
      finish();
    }
  }

  @Override
  void onSilence(StreamAttachment opening, PeerDoubt.Step step) {
    switch (step) {
      case GIVE_UP -> finish();
      case WRITE -> opening.mayWriteUnproved = true;
      case HALF_CLOSE -> {
        // All is still held, so that a welcome may come as late as it likes.
        opening.halfClosed = true;
        outbox.onSent(opening.cursor);
        outputs.add(new SessionOutput.HalfClose(opening));
      }
      case WRITE_ON -> opening.assumed = true;
      case PLAIN -> becomePlain(opening);
    }
  }

  /** The session can't be kept: told at once, and to the server as a cancel, or it would wait. */
  private void giveUp(long nowNanos, Kind why) {
    if (end == null) {
      linger.cancel();
      tell(SessionEnd.of(why, this));
      linger.begin(nowNanos, attempts.ttl());
    }
  }

  /** The application knows the end; the server is still to hear of it. */
  private void conclude(long nowNanos, SessionEnd how) {
    tell(how);
    boolean server = welcomed || pending != null;
    if (!server || (current != null && current.plain)) {
      finish();
    } else {
      linger.begin(nowNanos, attempts.ttl());
      if (current != null) {
        current.repeatAck = inbox.ack() > 0;
      }
    }
  }

  private void lose(Kind why) {
    tell(SessionEnd.of(why, this));
    finish();
  }

  private void finish() {
    closeAll(linger.attachmentEnd());
    boolean lost = end != null && end.kind().isLost();
    become(lost ? SessionState.LOST : SessionState.CLOSED);
  }
}
