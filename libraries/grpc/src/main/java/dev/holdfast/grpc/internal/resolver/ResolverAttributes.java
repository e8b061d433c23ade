package dev.holdfast.grpc.internal.resolver;

import dev.holdfast.core.Endpoint;
import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import java.util.List;

/** The attributes that the resolvers set on address groups and on resolution results. */
public final class ResolverAttributes {
  /** The endpoint as the registry describes it: zone, weight, instance, metadata. */
  public static final Attributes.Key<Endpoint> ENDPOINT =
      Attributes.Key.create("dev.holdfast.grpc.endpoint");

  /**
   * Draining endpoints, an attribute of the resolution result. A policy uses them only while no
   * other endpoint is left. Policies that do not know the attribute never see these endpoints.
   */
  public static final Attributes.Key<List<EquivalentAddressGroup>> DRAINING =
      Attributes.Key.create("dev.holdfast.grpc.reserve");

  /** The resolved target, an attribute of the resolution result, for the text of errors. */
  public static final Attributes.Key<String> SUBJECT =
      Attributes.Key.create("dev.holdfast.grpc.subject");

  private ResolverAttributes() {}
}
