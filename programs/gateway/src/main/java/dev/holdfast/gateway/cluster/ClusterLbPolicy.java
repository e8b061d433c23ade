package dev.holdfast.gateway.cluster;

/** The load-balancing policy of a cluster. */
public enum ClusterLbPolicy {
  /** Power of two choices: of two random endpoints, the one with fewer open calls; the default. */
  LEAST_REQUEST,
  /** Round robin over the endpoints. */
  ROUND_ROBIN,
  /** Random, in proportion to the weights of the endpoints. */
  WEIGHTED,
  /**
   * Consistent hash of a header: equal values reach the same endpoint while the list of endpoints
   * stays.
   */
  RING_HASH
}
