package dev.holdfast.control.resources;

/**
 * The load balancing policy of a client for the instances of a service or a subset.
 *
 * @param kind the policy
 * @param hashHeader the header by whose value {@link LbPolicyKind#RING_HASH} chooses; "" for the
 *     others
 * @param choices how many instances {@link LbPolicyKind#LEAST_REQUEST} compares
 */
public record LbPolicyRule(LbPolicyKind kind, String hashHeader, int choices) {
  /** Round robin, the policy of a service without another one. */
  public static final LbPolicyRule ROUND_ROBIN =
      new LbPolicyRule(LbPolicyKind.ROUND_ROBIN, "", PolicyKeys.CHOICES.wholeDefault());

  /** The policies; clients that lack one use round_robin. */
  public enum LbPolicyKind {
    /** Round robin: each instance in turn. */
    ROUND_ROBIN,
    /** Least request: of some instances drawn at random, the one with the fewest open calls. */
    LEAST_REQUEST,
    /** Ring hash: the same instance for the same value of a header. */
    RING_HASH
  }
}
