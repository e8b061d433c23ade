package dev.holdfast.grpc;

import dev.holdfast.core.Endpoint;
import dev.holdfast.grpc.internal.resolver.ResolverAttributes;
import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;

/**
 * The attributes of an endpoint in its registry, readable by load-balancing policies.
 *
 * <p>The resolvers of this module put them on every {@link EquivalentAddressGroup}, with every
 * policy.
 */
public final class EndpointAttributes {
  /** The endpoint as the registry describes it: zone, weight, instance, metadata. */
  public static final Attributes.Key<Endpoint> ENDPOINT = ResolverAttributes.ENDPOINT;

  private EndpointAttributes() {}
}
