package dev.holdfast.gateway.cluster;

/** What the health checks of a cluster last found about an endpoint. */
public enum Health {
  /** Nobody checks it: it is as good as its calls show. */
  UNCHECKED,
  /** It has not answered its first check. */
  PENDING,
  /** It says that it serves, or has no health service. */
  SERVING,
  /** It says that it does not serve. */
  NOT_SERVING,
  /** Its checks fail, so that it says nothing. */
  FAILING;

  /** Whether nobody knows: it is left out only as long as few are. */
  boolean isDoubtful() {
    return this == PENDING || this == FAILING;
  }
}
