package dev.holdfast.gateway.upstream;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;

/**
 * The limit of RST_STREAM frames on one upstream connection for streams that the server's
 * application may not have accepted yet. The h2 library (Rust: hyper, tonic) closes a connection
 * with GOAWAY ENHANCE_YOUR_CALM if more than 20 such streams are reset ({@code
 * max_pending_accept_reset_streams}).
 *
 * <p>Resets are sent in batches. An empty SETTINGS frame follows each full batch. Its
 * acknowledgement shows that the server has read the batch: h2 flushes it when nothing is left to
 * read, and accepts streams next. The next batch starts {@link #PAUSE} after it. A PING would show
 * the same, but gRPC servers count PINGs ({@code too_many_pings}).
 */
@PureCore
final class UnacceptedResets {
  /** Half of h2's limit: a batch may arrive while the previous one is not accepted yet. */
  @Limit(
      of =
          "unanswered calls cancelled over one connection to an upstream, before the upstream"
              + " acknowledges that it has read the cancels",
      then = "further ones are sent after the acknowledgement")
  static final int MAX = 10;

  @Limit(
      of =
          "time that an upstream has to accept calls after it has read a batch of cancels of"
              + " unanswered ones",
      then = "the next batch is sent")
  static final Duration PAUSE = Duration.ofMillis(20);

  private int sent;
  private boolean initialAcknowledged;

  /**
   * Counts a reset of a stream without a response.
   *
   * @return whether the batch is full now, so that SETTINGS should be sent behind it
   */
  boolean onReset() {
    sent++;
    return sent == MAX;
  }

  /** Whether further resets of streams without a response should be delayed. */
  boolean isFull() {
    return sent >= MAX;
  }

  /**
   * Handles the acknowledgement of SETTINGS. The first one is for the initial SETTINGS of the
   * connection.
   *
   * @return whether {@link #startBatch} should be called after {@link #PAUSE}
   */
  boolean onSettingsAck() {
    boolean own = initialAcknowledged;
    initialAcknowledged = true;
    return own && isFull();
  }

  void startBatch() {
    sent = 0;
  }
}
