package dev.holdfast.gateway.cluster;

/**
 * The health of an endpoint at one moment.
 *
 * @param health what its checks last found
 * @param why what it said, or how they failed; "" when there is nothing to say
 * @param ageNanos for how long it has been so
 * @param leftOut whether it gets no calls for it, as long as others can have them
 */
public record CheckedHealth(Health health, String why, long ageNanos, boolean leftOut) {
  /** Whether it should have no calls. */
  public boolean isUnhealthy() {
    return health == Health.NOT_SERVING || health == Health.FAILING;
  }
}
