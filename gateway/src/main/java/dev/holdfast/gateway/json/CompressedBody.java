package dev.holdfast.gateway.json;

import dev.holdfast.gateway.gzip.InflateTurns;
import java.util.ArrayDeque;
import java.util.function.BooleanSupplier;

/**
 * The parts of a body whose messages are compressed. They wait here, and their client with them,
 * until there is a turn to inflate a message and the upstream has room for it. On its event loop.
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
   * Of one request.
   *
   * @param client who takes turns with others
   * @param hasRoom whether the upstream takes more
   * @param onTurn calls {@link #goOn} when there is a turn
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
   * Hands messages on as long as there is room and time.
   *
   * @return whether nothing is left
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

  /** Nothing of it is wanted any more. */
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
