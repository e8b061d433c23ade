package dev.holdfast.gateway.frontend.codec;

import dev.holdfast.gateway.gzip.InflateScheduler;
import java.util.ArrayDeque;
import java.util.function.BooleanSupplier;

/**
 * The queue of body parts with compressed messages. A part waits for a time slice to inflate a
 * message and for room at the upstream. Reading from the client stops meanwhile. Confined to its
 * event loop.
 */
final class CompressedBodyQueue {
  private final FrontendCodec frontendCodec;
  private final Object client;
  private final InflateScheduler turns;
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
  CompressedBodyQueue(
      FrontendCodec frontendCodec,
      Object client,
      InflateScheduler turns,
      BooleanSupplier hasRoom,
      Runnable onTurn) {
    this.frontendCodec = frontendCodec;
    this.client = client;
    this.turns = turns;
    this.hasRoom = hasRoom;
    this.onTurn = onTurn;
  }

  void add(byte[] part) {
    byte[] decoded = frontendCodec.decode(part);
    if (decoded.length > 0) {
      parts.add(decoded);
    }
  }

  /**
   * Passes messages on while the upstream is ready and the time slice lasts.
   *
   * @return whether the queue is empty
   * @throws dev.holdfast.transcoding.status.RequestRefusedException as {@link FrontendCodec#feed}
   */
  boolean goOn(FrontendCodec.RequestMessageSink requestMessageSink) {
    while (!parts.isEmpty()) {
      if (queued || !hasRoom.getAsBoolean() || !isTurn()) {
        return false;
      }
      byte[] part = parts.element();
      taken += frontendCodec.feedOne(part, taken, part.length - taken, requestMessageSink);
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
    if (turns.hasBudget()) {
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
