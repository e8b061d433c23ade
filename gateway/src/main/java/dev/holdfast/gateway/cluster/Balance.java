package dev.holdfast.gateway.cluster;

/** How the endpoint of the next call is chosen. */
public enum Balance {
  /** Of two taken by chance, the one with fewer open calls; the default. */
  LEAST_REQUEST,
  /** One after the other. */
  ROUND_ROBIN,
  /** By chance, in proportion to the weights of the endpoints. */
  WEIGHTED,
  /** By the hash of a header, so that equal values meet the same endpoint while the list stays. */
  RING_HASH
}
