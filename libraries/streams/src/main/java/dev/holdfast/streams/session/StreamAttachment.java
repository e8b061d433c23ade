package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A physical call that carries a session for a while, with the state that ends with the call: the
 * positions already sent on it, and the time of the last data. {@link StreamSession} has the state
 * that survives.
 *
 * <p>Shell and session name the call by this object; {@link #attach} and {@link #carrier} keep the
 * shell's own object with it. Confined to the owner of the session.
 */
@PureCore
public final class StreamAttachment {
  private final long number;
  private final long tag;
  private final long openedNanos;
  private @Nullable Object carrier;

  // The session alone reads and writes the state below.
  boolean handshakeComplete;
  boolean plain;

  /** Of a client's attachment alone. */
  private final @Nullable Opening opening;

  final Inbound inbound = new Inbound();
  final Outbound outbound = new Outbound();
  final Probes probes = new Probes();

  /** The part of a client's attachment that counts until a server answered. */
  static final class Opening {
    /** Whether no attachment before it can have reached a server. */
    boolean first;

    boolean mayWriteBeforeWelcome;
    boolean mayExceedInitialCredit;

    /** The working attachment that it replaces; null for none. */
    @Nullable StreamAttachment replaced;

    /** Whether an earlier attempt to replace that one came to nothing. */
    boolean again;

    /** Whether its call waits for its turn among other sessions that resume. */
    boolean resumeQueued;

    long helloSentNanos;

    /** Whether its call waits for a connection, so that no server can have heard of it. */
    boolean helloUnsent;

    /** The time from which on a silence is that of a server. */
    long silentSinceNanos;
  }

  /** The direction from the peer. */
  static final class Inbound {
    boolean receivedAny;
    boolean firstHeaderSeen;
    boolean welcomeSeen;
    long lastSeq;
    long heardNanos;

    /** Messages that its transport was asked for and that have not come. */
    int requestedMessages;

    /** Whether its last frame came right behind the one before. */
    boolean rapid;

    /** Whether it is not asked, because too much waits for the application. */
    boolean readPaused;

    /** Whether its hello showed the welcome of an earlier attachment. */
    boolean comesBack;

    /** Whether a hop may have held the response of an earlier attachment. */
    boolean responseWasHeld;

    /** Whether the peer has ended its half of the call. */
    boolean halfClosed;

    long halfClosedNanos;
  }

  /** The direction to the peer. */
  static final class Outbound {
    boolean firstHeaderSent;
    boolean halfClosed;

    /** Whether acks wait for credit or for the peer's silence, as each costs an attachment. */
    boolean sparing;

    /** Whether messages were written on it. */
    boolean touched;

    long touchedNanos;

    boolean writable = true;

    /** The position that is sent next; 0 while none may be. */
    long cursor;

    long sentAck;
    long sentCredit;
    int sentFlags;
    long sentNanos;

    /** Whether the peer has missed an ack and must get it again. */
    boolean ackRepeatDue;
  }

  /** The probes of both sides. */
  static final class Probes {
    /** Whether the peer asks for signs of life. */
    boolean peerProbes;

    /** The position whose ack the peer waits for; 0 for none. */
    long ackRequestedSeq;

    long echoDue;
    long lastProbe;
    boolean probeDue;

    /** The last message that went with a probe; null for none. */
    @Nullable Suspect suspect;
  }

  /** A message on which attachments may break, sent with a probe. */
  static final class Suspect {
    final long seq;
    final long probe;

    /** Whether the probe came back, and so the message has arrived. */
    boolean arrived;

    Suspect(long seq, long probe) {
      this.seq = seq;
      this.probe = probe;
    }
  }

  /**
   * A call with the numbers of its hello. A server makes one for each call whose request headers
   * carry a hello; a client is given one by {@link SessionOutput.StartCall}.
   */
  public StreamAttachment(long number, long tag, long nowNanos) {
    this(number, tag, nowNanos, null);
  }

  private StreamAttachment(long number, long tag, long nowNanos, @Nullable Opening opening) {
    this.number = number;
    this.tag = tag;
    this.opening = opening;
    openedNanos = nowNanos;
    inbound.heardNanos = nowNanos;
    outbound.sentNanos = nowNanos;
  }

  /** The call of a client that is about to send its hello. */
  static StreamAttachment ofClient(long number, long tag, long nowNanos) {
    Opening opening = new Opening();
    opening.helloSentNanos = nowNanos;
    opening.silentSinceNanos = nowNanos;
    return new StreamAttachment(number, tag, nowNanos, opening);
  }

  Opening opening() {
    return Objects.requireNonNull(opening, "the attachment of a server");
  }

  /** The shell's own object for this call. */
  public void attach(Object newCarrier) {
    carrier = newCarrier;
  }

  /** The object given to {@link #attach}. */
  public @Nullable Object carrier() {
    return carrier;
  }

  /**
   * The attachment's number, strictly ascending over the life of the session; the fencing token.
   */
  public long number() {
    return number;
  }

  /** The tag in the frame headers of this attachment. */
  public long tag() {
    return tag;
  }

  /** The working attachment that a client's attachment replaces; null for none. */
  public @Nullable StreamAttachment replaced() {
    return opening == null ? null : opening.replaced;
  }

  /** Whether an earlier attempt to replace that one came to nothing. */
  public boolean isRepeated() {
    return opening != null && opening.again;
  }

  /** Whether the peer has shown by its welcome, or its hello, that it speaks the protocol. */
  public boolean isHandshakeComplete() {
    return handshakeComplete;
  }

  /** Whether the peer turned out, or was taken, to be one that does not. */
  public boolean isPlain() {
    return plain;
  }

  long openedNanos() {
    return openedNanos;
  }

  /** Whether nothing was heard for so long; never when that is zero, or nothing is asked for. */
  boolean isSilent(long nowNanos, Duration silence) {
    return !silence.isZero()
        && !inbound.readPaused
        && nowNanos - inbound.heardNanos >= silence.toNanos();
  }

  /** The peer asks for an answer, and with it for an ack of everything before. */
  void onProbe(long received) {
    probes.peerProbes = true;
    probes.ackRequestedSeq = received;
  }

  /** When {@link #isSilent} may be true. */
  void addSilence(EarliestDeadline earliestDeadline, Duration silence) {
    if (!inbound.readPaused) {
      earliestDeadline.after(inbound.heardNanos, silence);
    }
  }

  @Override
  public String toString() {
    return "attachment " + number + (handshakeComplete ? "" : plain ? " (plain)" : " (unproved)");
  }
}
