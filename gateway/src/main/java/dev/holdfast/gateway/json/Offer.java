package dev.holdfast.gateway.json;

import dev.holdfast.gateway.route.Router;
import dev.holdfast.transcoding.http.HttpTranscoder;
import java.util.SortedMap;

/**
 * What clients of HTTP/JSON find at an address. Immutable.
 *
 * @param name of the one cluster that it is; "" for all that is served
 * @param served by the names of their clusters
 * @param router that decides among them
 */
record Offer(String name, SortedMap<String, HttpTranscoder> served, Router router) {
  /** Whether a document of the other is one of this: transcoders and routers are what they are. */
  boolean isSameAs(Offer other) {
    return name.equals(other.name) && served.equals(other.served) && router == other.router;
  }
}
