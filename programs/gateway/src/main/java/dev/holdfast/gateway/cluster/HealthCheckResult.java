package dev.holdfast.gateway.cluster;

/**
 * The health of an endpoint at one moment, as its health checks found it.
 *
 * @param health the last result
 * @param why the reported status or the cause of failure; "" for none
 * @param ageNanos the time since the health last changed, in nanoseconds
 * @param leftOut whether the endpoint gets no calls because of its health, as long as there are
 *     others
 */
public record HealthCheckResult(
    EndpointHealthStatus health, String why, long ageNanos, boolean leftOut) {
  /** Whether the endpoint reports that it does not serve, or its checks fail. */
  public boolean isUnhealthy() {
    return health == EndpointHealthStatus.NOT_SERVING || health == EndpointHealthStatus.FAILING;
  }
}
