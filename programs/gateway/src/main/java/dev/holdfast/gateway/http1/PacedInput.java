package dev.holdfast.gateway.http1;

import dev.holdfast.core.annotation.Limit;
import io.netty.channel.Channel;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Pacing of one connection's decoder. A part is decoded only while the reader accepts one, and each
 * turn of the event loop has a budget. Undecoded bytes stay buffered, and the socket is not read
 * meanwhile. Confined to its event loop.
 *
 * <p>A client that pipelines thousands of requests, or sends thousands of tiny chunks or frames, is
 * so spread over many turns. Other connections are served between them.
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
  private final PartConsumer partConsumer;
  private @Nullable PacedDecoder decoder;
  private int work;
  private boolean paused;
  private boolean scheduled;
  private boolean discarding;

  /** The consumer of decoded parts. */
  public interface PartConsumer {
    /**
     * Whether the next part may be decoded now. The reader calls {@link PacedInput#resumeLater}
     * when that becomes true again.
     */
    boolean acceptsPart();

    /** Called when decoding was suspended: the reader must stop reading from the socket. */
    void updateAutoRead();
  }

  /** The input of a channel. The decoder registers itself when it is added to the pipeline. */
  public PacedInput(Channel channel, PartConsumer partConsumer) {
    this.channel = channel;
    this.partConsumer = partConsumer;
  }

  /** Whether decoding is suspended while bytes may wait. */
  public boolean isPaused() {
    return paused;
  }

  /** The capacity of the buffer of undecoded bytes; 0 when there are none. */
  public int bufferBytes() {
    PacedDecoder known = decoder;
    return known == null ? 0 : known.bufferBytes();
  }

  /**
   * Whether the client began a part and has not completed it. False while decoding is suspended.
   */
  boolean isWithinPart() {
    PacedDecoder known = decoder;
    return known != null && !paused && !discarding && known.isWithinPart();
  }

  /** The progress counter of the decoder; see {@link PacedDecoder#progress}. */
  long progress() {
    PacedDecoder known = decoder;
    return known == null ? 0 : known.progress();
  }

  /** Resumes decoding in the next turn of the event loop, when the reader may take parts again. */
  public void resumeLater() {
    if (paused && !scheduled && channel.isActive()) {
      scheduled = true;
      // Not as a task of this turn: those are run until there is none, and no socket is read
      // between them.
      var unused = channel.eventLoop().schedule(this::resume, 0, TimeUnit.NANOSECONDS);
    }
  }

  /** Discards the rest of the input. */
  void discard() {
    discarding = true;
    resumeLater();
  }

  boolean isDiscarding() {
    return discarding;
  }

  void decoder(PacedDecoder value) {
    decoder = value;
  }

  /** Whether the next part may be decoded; called before each. */
  boolean mayDecode() {
    boolean before = paused;
    paused = work >= PARTS || !partConsumer.acceptsPart();
    if (paused && !before) {
      partConsumer.updateAutoRead();
    }
    return !paused;
  }

  void onDecoded(int bytes, boolean request) {
    work += request ? REQUEST_WORK : 1 + bytes / BYTES_OF_WORK;
  }

  /**
   * Ends a read: all that arrived is decoded or buffered. Schedules another turn when the budget is
   * used up.
   */
  void onTurnEnd() {
    if (!paused) {
      work = 0;
    } else if (work >= PARTS) {
      resumeLater();
    }
  }

  private void resume() {
    scheduled = false;
    PacedDecoder known = decoder;
    if (known != null && channel.isActive()) {
      work = 0;
      paused = false;
      known.resume();
    }
  }
}
