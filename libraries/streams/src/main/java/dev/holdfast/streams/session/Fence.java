package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;

/**
 * The fencing rule of a session: only its newest attachment is admitted, by its number and not by
 * its arrival.
 */
@PureCore
public class Fence {
  private long newest;
  private long newestUntouched;

  /** Whether an attachment may carry the session from now on. */
  public boolean admits(long number) {
    return number > newest;
  }

  /**
   * Records that an attachment was admitted.
   *
   * @param untouched whether no message was handed to any attachment before this one
   */
  void admitted(long number, boolean untouched) {
    newest = Math.max(newest, number);
    newestUntouched = untouched ? newest : newestUntouched;
  }

  /** The newest that was admitted before which no message was handed to anybody; 0 for none. */
  long newestUntouched() {
    return newestUntouched;
  }

  /** Whether the attachment that carried the session so far ends when a newer one is admitted. */
  public boolean endsOlder() {
    return true;
  }

  /** The highest number that was admitted. */
  public long newest() {
    return newest;
  }
}
