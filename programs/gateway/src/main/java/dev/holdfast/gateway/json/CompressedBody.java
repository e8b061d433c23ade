package dev.holdfast.gateway.json;

import dev.holdfast.gateway.gzip.InflateTurns;
import java.util.ArrayDeque;
import java.util.function.BooleanSupplier;

/**
 * The queue of body parts with compressed messages. A part waits for a time slice to inflate a
 * message and for room at the upstream. Reading from the client stops meanwhile. Confined to its
 * event loop.
 */
final class CompressedBody {
  private final Dialect dialect;
  private final Object client;
  private final InflateTurns turns;
  private final BooleanSupplier hasRoom;
  private final Runnable onTurn;
  private final ArrayDeque<byte[]> parts = new ArrayDeque<>(2);
  private int taken;
  private boolean queued;

  /**
   * The queue of one request.
   *
   * @param client the key of fair scheduling among clients
   * @param hasRoom whether the upstream is ready for another message
   * @param onTurn calls {@link #goOn} in a later time slice
   */
  CompressedBody(
      Dialect dialect,
      Object client,
      InflateTurns turns,
      BooleanSupplier hasRoom,
      Runnable onTurn) {
    this.dialect = dialect;
    this.client = client;
    this.turns = turns;
    this.hasRoom = hasRoom;
    this.onTurn = onTurn;
  }

  void add(byte[] part) {
    byte[] decoded = dialect.decode(part);
    if (decoded.length > 0) {
      parts.add(decoded);
    }
  }

  /**
   * Passes messages on while the upstream is ready and the time slice lasts.
   *
   * @return whether the queue is empty
   * @throws dev.holdfast.transcoding.http.RequestRefusedException as {@link Dialect#feed}
   */
  boolean goOn(Dialect.Sink sink) {
    while (!parts.isEmpty()) {
      if (queued || !hasRoom.getAsBoolean() || !isTurn()) {
        return false;
      }
      byte[] part = parts.element();
      taken += dialect.feedOne(part, taken, part.length - taken, sink);
      if (taken == part.length) {
        taken = 0;
        parts.remove();
      }
    }
    return true;
  }

  /** Discards all parts in the queue. */
  void drop() {
    parts.clear();
    taken = 0;
  }

  private boolean isTurn() {
    if (turns.isOpen()) {
      return true;
    }
    queued = true;
    turns.await(
        client,
        () -> {
          queued = false;
          onTurn.run();
        });
    return false;
  }
}
