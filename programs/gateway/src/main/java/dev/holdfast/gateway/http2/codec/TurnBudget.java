package dev.holdfast.gateway.http2.codec;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;

/**
 * The work that one connection may cause in one turn of its event loop. A read of 64 KiB can hold
 * some 6,000 DATA frames of one byte: without a limit, all other connections of the loop would
 * wait.
 */
@PureCore
final class TurnBudget {
  @Limit(
      of = "frames of one client that are handled in a turn of an event loop; headers count for 8",
      then = "the rest is handled when all other connections had their turn")
  static final int CLIENT = 512;

  @Limit(
      of =
          "frames of one upstream that are handled in a turn of an event loop; headers count for 8",
      then = "the rest is handled when all other connections had their turn")
  static final int UPSTREAM = 4_096;

  /** The cost of headers; other frames cost 1. */
  static final int HEADERS = 8;

  private final int most;
  private int left;

  /**
   * Creates the unused budget of a connection.
   *
   * @param most cost in one turn
   */
  TurnBudget(int most) {
    this.most = most;
    this.left = most;
  }

  /** Begins a turn with the full budget. */
  void renew() {
    left = most;
  }

  void spend(int cost) {
    left -= cost;
  }

  /** Whether further frames have to wait for the next turn. */
  boolean isSpent() {
    return left <= 0;
  }
}
