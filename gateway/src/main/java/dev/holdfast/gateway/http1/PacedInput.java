package dev.holdfast.gateway.http1;

import dev.holdfast.core.Limit;
import io.netty.channel.Channel;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Paces the decoder of one connection: it decodes a part only while its reader may take one, and in
 * each turn of the event loop only a share. What it does not decode stays as bytes, and the socket
 * is not read meanwhile. On its event loop only.
 *
 * <p>So a client that pipelines thousands of requests, or sends thousands of tiny chunks or frames,
 * has as many turns of the loop as it needs, each followed by a turn of everybody else.
 */
public final class PacedInput {
  @Limit(
      of = "parts of bodies over HTTP/1.1, or frames of a WebSocket, in one turn of a thread",
      then = "the connection goes on in the next turn")
  static final int PARTS = 64;

  @Limit(
      of = "requests of one connection over HTTP/1.1 in one turn of a thread",
      then = "the connection goes on in the next turn")
  static final int REQUESTS = 8;

  private static final int REQUEST_WORK = PARTS / REQUESTS;
  private static final int BYTES_OF_WORK = 4_096;

  private final Channel channel;
  private final Reader reader;
  private @Nullable PacedDecoder decoder;
  private int work;
  private boolean held;
  private boolean scheduled;
  private boolean discarding;

  /** Takes the parts of the input. */
  public interface Reader {
    /** Whether the next part may be decoded now; {@link PacedInput#goOn} says that it may again. */
    boolean mayTake();

    /** Bytes wait to be decoded: the socket is not to be read. */
    void refreshReading();
  }

  /** The input of a channel; the decoder is told when it is added to the pipeline. */
  public PacedInput(Channel channel, Reader reader) {
    this.channel = channel;
    this.reader = reader;
  }

  /** Whether bytes wait that are not decoded on purpose. */
  public boolean isHeld() {
    return held;
  }

  /** The size of the buffer in which bytes wait to be decoded; 0 if none do. */
  public int bufferBytes() {
    PacedDecoder known = decoder;
    return known == null ? 0 : known.bufferBytes();
  }

  /** Whether the client began a part and did not end it yet. */
  boolean isWithinPart() {
    PacedDecoder known = decoder;
    return known != null && !held && !discarding && known.isWithinPart();
  }

  /** See {@link PacedDecoder#progress}. */
  long progress() {
    PacedDecoder known = decoder;
    return known == null ? 0 : known.progress();
  }

  /** The reader may take parts again: what was held is decoded in the next turn of the loop. */
  public void goOn() {
    if (held && !scheduled && channel.isActive()) {
      scheduled = true;
      // Not as a task of this turn: those are run until there is none, and no socket is read
      // between them.
      var unused = channel.eventLoop().schedule(this::resume, 0, TimeUnit.NANOSECONDS);
    }
  }

  /** Nothing of the input is wanted any more. */
  void discard() {
    discarding = true;
    goOn();
  }

  boolean isDiscarding() {
    return discarding;
  }

  void decoder(PacedDecoder value) {
    decoder = value;
  }

  /** Asked before each part. */
  boolean mayDecode() {
    boolean before = held;
    held = work >= PARTS || !reader.mayTake();
    if (held && !before) {
      reader.refreshReading();
    }
    return !held;
  }

  void onDecoded(int bytes, boolean request) {
    work += request ? REQUEST_WORK : 1 + bytes / BYTES_OF_WORK;
  }

  /** All that came was decoded, or is held. */
  void onTurnEnd() {
    if (!held) {
      work = 0;
    } else if (work >= PARTS) {
      goOn();
    }
  }

  private void resume() {
    scheduled = false;
    PacedDecoder known = decoder;
    if (known != null && channel.isActive()) {
      work = 0;
      held = false;
      known.resume();
    }
  }
}
