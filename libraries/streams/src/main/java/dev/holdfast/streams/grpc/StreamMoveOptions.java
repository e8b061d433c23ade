package dev.holdfast.streams.grpc;

import dev.holdfast.core.DurationText;
import io.grpc.Metadata;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * The settings of streams that move to other instances.
 *
 * @param maxAge the age at which a stream is asked to move; zero for none
 * @param rebalance whether streams move to instances that have fewer
 * @param overloaded whether the instance has too many, by its own measure; must not block
 * @param stickyHeader the request header of streams that stay; "" for none
 */
record StreamMoveOptions(
    Duration maxAge, boolean rebalance, BooleanSupplier overloaded, String stickyHeader) {
  static final Duration LEAST_AGE = Duration.ofSeconds(1);
  static final Duration LARGEST_AGE = Duration.ofDays(365);

  static final StreamMoveOptions NONE =
      new StreamMoveOptions(Duration.ZERO, false, () -> false, "");

  StreamMoveOptions withMaxAge(Duration age) {
    if (age.compareTo(LEAST_AGE) < 0 || age.compareTo(LARGEST_AGE) > 0) {
      throw new IllegalArgumentException(
          "maxStreamAge: "
              + age
              + " (expected: "
              + DurationText.format(LEAST_AGE)
              + " to "
              + DurationText.format(LARGEST_AGE)
              + ")");
    }
    return new StreamMoveOptions(age, rebalance, overloaded, stickyHeader);
  }

  StreamMoveOptions withRebalance() {
    return new StreamMoveOptions(maxAge, true, overloaded, stickyHeader);
  }

  StreamMoveOptions withOverloaded(BooleanSupplier measure) {
    return new StreamMoveOptions(maxAge, true, measure, stickyHeader);
  }

  StreamMoveOptions withStickyHeader(String name) {
    // Fails here, where it was written, when it can't be the name of a header.
    var unused = Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
    return new StreamMoveOptions(maxAge, rebalance, overloaded, name);
  }

  /** Whether streams ever move. */
  boolean isOn() {
    return rebalance || !maxAge.isZero();
  }

  /** Whether a stream with these request headers stays where it is. */
  boolean isSticky(Metadata headers) {
    return !stickyHeader.isEmpty()
        && headers.containsKey(Metadata.Key.of(stickyHeader, Metadata.ASCII_STRING_MARSHALLER));
  }
}
