package dev.holdfast.control.resources;

/**
 * How a client chooses among the instances of a service or a subset.
 *
 * @param kind the policy
 * @param hashHeader the header by whose value {@link Kind#RING_HASH} chooses; "" for the others
 * @param choices how many instances {@link Kind#LEAST_REQUEST} compares
 */
public record Balancer(Kind kind, String hashHeader, int choices) {
  /** In turn. */
  public static final Balancer ROUND_ROBIN =
      new Balancer(Kind.ROUND_ROBIN, "", PolicyKeys.CHOICES.wholeDefault());

  /** The policies; clients that lack one use round_robin. */
  public enum Kind {
    /** In turn. */
    ROUND_ROBIN,
    /** The one with the fewest calls under way of some that are drawn. */
    LEAST_REQUEST,
    /** The same one for the same value of a header. */
    RING_HASH
  }
}
