package dev.holdfast.streams;

import dev.holdfast.core.PureCore;
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
  boolean proved;
  boolean plain;
  boolean heard;
  boolean begun;
  boolean welcomeSeen;
  boolean first;
  boolean mayWriteUnproved;
  boolean assumed;
  boolean touched;
  boolean marked;
  boolean halfClosed;
  boolean writable = true;

  /** Messages that its transport was asked for and that have not come. */
  int asked;

  /** Whether its last frame came right behind the one before. */
  boolean rapid;

  /** Whether it is not asked, because too much waits for the application. */
  boolean paused;

  /** Whether the peer asks for signs of life. */
  boolean probed;

  /** The position whose ack the peer waits for; 0 for none. */
  long ackWanted;

  long cursor;
  long headSent;
  long lastSeq;
  long toldAck;
  long toldCredit;
  int toldFlags;
  boolean repeatAck;
  long echo;
  long probe;
  boolean probeDue;

  /** A message that went with a probe, and the number of the probe; 0 for none. */
  long suspect;

  long proof;

  /** A message that has arrived for sure; 0 for none. */
  long arrived;

  boolean held;
  long askedNanos;
  long heardNanos;
  long sentNanos;

  /**
   * A call with the numbers of its hello. A server makes one for each call whose request headers
   * carry a hello; a client is given one by {@link SessionOutput.Open}.
   */
  public StreamAttachment(long number, long tag, long nowNanos) {
    this.number = number;
    this.tag = tag;
    openedNanos = nowNanos;
    askedNanos = nowNanos;
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
  public boolean isProved() {
    return proved;
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
    return !silence.isZero() && !paused && nowNanos - heardNanos >= silence.toNanos();
  }

  /** The peer asks for an answer, and with it for an ack of everything before. */
  void onProbe(long received) {
    probed = true;
    ackWanted = received;
  }

  /** When {@link #isSilent} may be true. */
  void addSilence(Due due, Duration silence) {
    if (!paused) {
      due.after(heardNanos, silence);
    }
  }

  @Override
  public String toString() {
    return "attachment " + number + (proved ? "" : plain ? " (plain)" : " (unproved)");
  }
}
