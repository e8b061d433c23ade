package dev.holdfast.gateway.http2;

import dev.holdfast.core.Limit;
import dev.holdfast.core.PureCore;

/**
 * The work that one connection may make for its event loop in one turn. A read of 64 KiB holds some
 * 6,000 frames of DATA of a byte: without a bound all other connections of the loop would wait for
 * them.
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

  /** What headers cost, compared with other frames. */
  static final int HEADERS = 8;

  private final int most;
  private int left;

  /**
   * A budget of which nothing is spent.
   *
   * @param most of one turn
   */
  TurnBudget(int most) {
    this.most = most;
    this.left = most;
  }

  /** A turn begins. */
  void renew() {
    left = most;
  }

  void spend(int cost) {
    left -= cost;
  }

  /** Whether the rest has to wait. */
  boolean isSpent() {
    return left <= 0;
  }
}
