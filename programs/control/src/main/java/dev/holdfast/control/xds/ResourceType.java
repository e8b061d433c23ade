package dev.holdfast.control.xds;

import java.util.Arrays;
import java.util.Optional;

/**
 * The resource types that are served, in the order in which a stream gets them: make-before-break,
 * so a referenced type precedes the types that refer to it.
 */
public enum ResourceType {
  /** The clusters of a service (CDS). */
  CLUSTER("type.googleapis.com/envoy.config.cluster.v3.Cluster", "CDS", true),
  /** The endpoints of a cluster (EDS). */
  ENDPOINTS("type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment", "EDS", false),
  /** Listeners (LDS); for a client of gRPC the name in its target. */
  LISTENER("type.googleapis.com/envoy.config.listener.v3.Listener", "LDS", true),
  /** Routes (RDS), where a listener has none inline. */
  ROUTES("type.googleapis.com/envoy.config.route.v3.RouteConfiguration", "RDS", false);

  private final String typeUrl;
  private final String shortName;
  private final boolean whole;

  ResourceType(String typeUrl, String shortName, boolean whole) {
    this.typeUrl = typeUrl;
    this.shortName = shortName;
    this.whole = whole;
  }

  /** The type as it stands in requests, responses and {@code Any}. */
  public String typeUrl() {
    return typeUrl;
  }

  /** {@code CDS}, {@code EDS}, {@code LDS} or {@code RDS}, as people call it. */
  public String shortName() {
    return shortName;
  }

  /**
   * Whether a state-of-the-world response holds all subscribed resources, so that absence means
   * deletion; also whether a client may ask for all by naming none.
   */
  public boolean isWhole() {
    return whole;
  }

  /** The type with this URL, if it is one that is served. */
  public static Optional<ResourceType> ofUrl(String typeUrl) {
    return Arrays.stream(values()).filter(type -> type.typeUrl.equals(typeUrl)).findFirst();
  }
}
