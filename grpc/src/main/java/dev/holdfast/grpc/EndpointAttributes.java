package dev.holdfast.grpc;

import dev.holdfast.core.Endpoint;
import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import java.util.List;

/**
 * What a registry says of an endpoint, as attributes that load-balancing policies can read.
 *
 * <p>The resolvers of this room put them on every {@link EquivalentAddressGroup}, whatever policy a
 * channel uses.
 */
public final class EndpointAttributes {
  /** The endpoint as the registry describes it: zone, weight, instance, metadata. */
  public static final Attributes.Key<Endpoint> ENDPOINT =
      Attributes.Key.create("dev.holdfast.grpc.endpoint");

  /**
   * On the result as a whole: endpoints that take no new calls any more, to be used only while
   * nothing else is left. Policies that don't know of it never see them.
   */
  static final Attributes.Key<List<EquivalentAddressGroup>> RESERVE =
      Attributes.Key.create("dev.holdfast.grpc.reserve");

  /** On the result as a whole: what was resolved, for the text of errors. */
  static final Attributes.Key<String> SUBJECT = Attributes.Key.create("dev.holdfast.grpc.subject");

  private EndpointAttributes() {}
}
