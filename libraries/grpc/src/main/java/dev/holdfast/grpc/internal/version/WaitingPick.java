package dev.holdfast.grpc.internal.version;

import io.grpc.LoadBalancer.PickResult;

/** The result of a pick that makes its call wait for the next picker. */
public final class WaitingPick {
  private WaitingPick() {}

  /**
   * The result, with its reason where this version of grpc-java has a place for it.
   *
   * @param reason a word for meters
   * @param description a sentence for the status of a call that waits until its deadline
   */
  public static PickResult of(String reason, String description) {
    try {
      return PickResult.withNoResult(reason, description);
    } catch (NoSuchMethodError e) {
      // grpc-java 1.80 and older.
      return PickResult.withNoResult();
    }
  }
}
