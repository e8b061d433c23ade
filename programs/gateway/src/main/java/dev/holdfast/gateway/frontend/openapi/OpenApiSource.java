package dev.holdfast.gateway.frontend.openapi;

import dev.holdfast.gateway.route.Router;
import dev.holdfast.transcoding.http.HttpTranscoder;
import java.util.SortedMap;

/**
 * The HTTP/JSON services at an authority, from which the OpenAPI document is made. Immutable.
 *
 * @param name of the cluster; "" for all that is served
 * @param served the transcoders by cluster name
 * @param router that selects among the clusters
 */
public record OpenApiSource(String name, SortedMap<String, HttpTranscoder> served, Router router) {
  /**
   * Whether the other one has the same document. Transcoders and routers are immutable, so equality
   * suffices.
   */
  boolean isSameAs(OpenApiSource other) {
    return name.equals(other.name) && served.equals(other.served) && router == other.router;
  }
}
