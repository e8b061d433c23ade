package dev.holdfast.simulation.streams;

import dev.holdfast.streams.SessionOptions;
import java.util.SplittableRandom;

/**
 * The messages of applications in a schedule, and the buffers for them.
 *
 * @param mostPayloadBytes of the largest message
 * @param sendMessages of each side, as the other side can't know it
 * @param sendBytes of each side
 * @param receiveMessages of each side
 * @param receiveBytes of each side
 * @param budgetBytes of each process
 * @param slowestHandlerMillis the longest time that a slow server takes for a message
 */
record StreamTraffic(
    int mostPayloadBytes,
    int sendMessages,
    long sendBytes,
    int receiveMessages,
    long receiveBytes,
    long budgetBytes,
    int slowestHandlerMillis) {

  /** Small messages; the budget is less than what all sessions together want. */
  private static final StreamTraffic SMALL = new StreamTraffic(150, 6, 600, 5, 500, 40_000, 1_500);

  /** Small ones, behind which come large ones: senders keep far more than receivers like. */
  private static final StreamTraffic LARGE =
      new StreamTraffic(3_000, 60, 90_000, 30, 3_000, 4_000_000, 6_000);

  private static final int ONE_IN = 5;
  private static final int SMALL_PAYLOAD_BYTES = 60;

  static StreamTraffic of(long seed) {
    return new SplittableRandom(~seed).nextInt(ONE_IN) == 0 ? LARGE : SMALL;
  }

  SessionOptions in(SessionOptions options) {
    return options
        .withSendBuffer(sendMessages, sendBytes)
        .withReceiveBuffer(receiveMessages, receiveBytes);
  }

  boolean isLarge() {
    return equals(LARGE);
  }

  /** The size of a message; of large ones the first are small, and win credit for the others. */
  int payloadBytes(long number, SplittableRandom random) {
    boolean small = isLarge() && number % SessionOracle.A_GENERATION <= receiveMessages / 2;
    int most = small ? SMALL_PAYLOAD_BYTES : mostPayloadBytes;
    return Long.BYTES + random.nextInt(most - Long.BYTES);
  }

  /**
   * The most bytes that a session may have received and not processed: half in its hands, half
   * before them.
   */
  long mostUnprocessedBytes() {
    return 3 * receiveBytes + 3L * mostPayloadBytes;
  }

  /** The most bytes that a session may have sent without an acknowledgement. */
  long mostUnackedBytes() {
    return 2 * sendBytes + mostPayloadBytes;
  }

  /**
   * The bytes that each session may hold beyond the budget: one message sent, waiting and in hand.
   */
  long beyondBudgetBytes() {
    return 4L * mostPayloadBytes;
  }
}
