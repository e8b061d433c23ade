package dev.holdfast.gateway.cluster;

import dev.holdfast.core.HostPort;
import org.jspecify.annotations.Nullable;

/**
 * The endpoints that a call prefers or avoids. A preference is no condition: where it can't be
 * kept, the load balancer picks.
 *
 * @param wanted the endpoint that the call should reach; null for any
 * @param avoided the endpoint that the call should reach only if there is no other one; null for
 *     none
 */
public record EndpointPreference(@Nullable HostPort wanted, @Nullable HostPort avoided) {
  /** The preference of most calls: none. */
  public static final EndpointPreference NONE = new EndpointPreference(null, null);
}
