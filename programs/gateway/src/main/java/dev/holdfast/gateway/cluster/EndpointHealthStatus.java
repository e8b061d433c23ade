package dev.holdfast.gateway.cluster;

/** The health of an endpoint according to active health checks. */
public enum EndpointHealthStatus {
  /** No health checks: only outlier detection judges the endpoint. */
  UNCHECKED,
  /** The first check has no answer yet. */
  PENDING,
  /** The endpoint reports SERVING, or has no health service. */
  SERVING,
  /** The endpoint reports another status than SERVING. */
  NOT_SERVING,
  /** The checks fail, so that the status is unknown. */
  FAILING;

  /** Whether the status is unknown; such an endpoint is left out only while few are. */
  boolean isDoubtful() {
    return this == PENDING || this == FAILING;
  }
}
