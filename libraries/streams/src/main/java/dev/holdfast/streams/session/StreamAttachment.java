package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
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

  // What the fields below say is read and written by the session alone.
  boolean handshakeComplete;
  boolean plain;
  boolean receivedAny;
  boolean firstHeaderSeen;
  boolean welcomeSeen;
  boolean first;
  boolean mayWriteBeforeWelcome;
  boolean mayExceedInitialCredit;
  boolean touched;
  boolean firstHeaderSent;
  boolean halfClosed;
  boolean writable = true;

  /** Messages that its transport was asked for and that have not come. */
  int requestedMessages;

  /** Whether its last frame came right behind the one before. */
  boolean rapid;

  /** Whether it is not asked, because too much waits for the application. */
  boolean readPaused;

  /** Whether the peer asks for signs of life. */
  boolean peerProbes;

  /** The position whose ack the peer waits for; 0 for none. */
  long ackRequestedSeq;

  long cursor;
  long headSent;
  long lastSeq;
  long sentAck;
  long sentCredit;
  int sentFlags;
  boolean ackRepeatDue;
  long echoDue;
  long lastProbe;
  boolean probeDue;

  /** A message that went with a probe, and the number of the probe; 0 for none. */
  long suspectSeq;

  long suspectProbe;

  /** A message that has arrived for sure; 0 for none. */
  long arrivedSeq;

  boolean resumeQueued;
  long helloSentNanos;
  long heardNanos;
  long sentNanos;

  /**
   * A call with the numbers of its hello. A server makes one for each call whose request headers
   * carry a hello; a client is given one by {@link SessionOutput.StartCall}.
   */
  public StreamAttachment(long number, long tag, long nowNanos) {
    this.number = number;
    this.tag = tag;
    openedNanos = nowNanos;
    helloSentNanos = nowNanos;
    heardNanos = nowNanos;
    sentNanos = nowNanos;
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
    return !silence.isZero() && !readPaused && nowNanos - heardNanos >= silence.toNanos();
  }

  /** The peer asks for an answer, and with it for an ack of everything before. */
  void onProbe(long received) {
    peerProbes = true;
    ackRequestedSeq = received;
  }

  /** When {@link #isSilent} may be true. */
  void addSilence(EarliestDeadline earliestDeadline, Duration silence) {
    if (!readPaused) {
      earliestDeadline.after(heardNanos, silence);
    }
  }

  @Override
  public String toString() {
    return "attachment " + number + (handshakeComplete ? "" : plain ? " (plain)" : " (unproved)");
  }
}
