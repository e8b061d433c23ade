package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.wire.Welcome;
import java.time.Duration;

/**
 * The frequency of a receiver's acks. Immutable. A server uses the policy of its options and
 * announces it in each welcome; a client follows the newest welcome.
 *
 * @param every messages processed after which an ack is sent at once
 * @param delay the most time between processing and its ack
 */
@PureCore
public record AckPolicy(int every, Duration delay) {
  @Limit(
      of = "messages processed after which a client acknowledges, whatever its server asks for",
      then = "a server that asks for an ack after more messages gets one after so many")
  static final int MAX_EVERY = 65_536;

  @Limit(
      of = "time after which a client acknowledges, whatever its server asks for",
      then = "a server that asks for a longer delay gets its acks after this time")
  static final Duration MAX_DELAY = Duration.ofSeconds(10);

  /** The policy of one's own options. */
  public static AckPolicy of(SessionOptions options) {
    return new AckPolicy(options.ackEvery(), options.timing().ackDelay());
  }

  /**
   * The policy that a welcome asks for. Where the welcome asks for nothing, by 0, this policy's own
   * value stays. One ack a message, or a millisecond, is as much as a server may ask for: a probe
   * with each message would cost as much.
   */
  AckPolicy orAsked(Welcome welcome) {
    long asked = welcome.ackDelayMillis();
    Duration askedDelay = Duration.ofMillis(Math.min(asked, MAX_DELAY.toMillis()));
    return new AckPolicy(
        welcome.ackEvery() == 0 ? every : Math.min(welcome.ackEvery(), MAX_EVERY),
        asked == 0 ? delay : askedDelay);
  }

  /** The delay as a welcome says it; a shorter one than a millisecond is still one. */
  long delayMillis() {
    return Math.max(1, delay.toMillis());
  }
}
