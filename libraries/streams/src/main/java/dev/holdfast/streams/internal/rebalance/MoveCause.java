package dev.holdfast.streams.internal.rebalance;

import java.util.Locale;

/** The reason for which an instance asks a stream to go on at another one. */
public enum MoveCause {
  /** The instance has more than its share of streams. */
  REBALANCE,
  /** The instance says of itself that it has too many. */
  OVERLOAD,
  /** The stream has been at the instance for longer than the maximum age. */
  AGE;

  /** The value of the meter's tag. */
  public String tag() {
    return name().toLowerCase(Locale.ROOT);
  }
}
