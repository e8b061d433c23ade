package dev.holdfast.gateway.frontend.json;

import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.http.TranscodingOptions;
import dev.holdfast.transcoding.json.JsonCodec;
import dev.holdfast.transcoding.json.JsonOptions;
import dev.holdfast.transcoding.json.SchemaTypes;
import dev.holdfast.transcoding.schema.ServiceCatalog;

/**
 * The mapping of HTTP/JSON. Immutable.
 *
 * @param http the mapping of paths and queries
 * @param json the mapping of bodies, also those of Connect
 */
public record JsonMapping(TranscodingOptions http, JsonOptions json) {
  /** The proto3 JSON mapping, with unknown fields rejected. */
  public static final JsonMapping DEFAULT =
      new JsonMapping(TranscodingOptions.DEFAULT, JsonOptions.DEFAULT);

  /**
   * A transcoder with this mapping; the given one if it has the mapping already. Its setting for
   * nearest names in errors is kept, because that depends on the schema's source.
   */
  public HttpTranscoder transcoder(HttpTranscoder other) {
    JsonOptions had = other.codec().options();
    JsonOptions wanted = json.withNearestNames(had.nearestNames());
    boolean same = other.options().equals(http) && had.equals(wanted);
    return same ? other : HttpTranscoder.of(other.catalog(), http, other.codec().with(wanted));
  }

  /** A copy whose errors suggest the nearest name, for schemas that servers show to everybody. */
  public JsonMapping withNearestNames() {
    return new JsonMapping(http, json.withNearestNames(true));
  }

  /** A transcoder of a catalog, without the bindings that can't be served. */
  public HttpTranscoder transcoder(ServiceCatalog catalog) {
    return HttpTranscoder.of(
        catalog, http, JsonCodec.of(SchemaTypes.of(catalog.typeFiles())).with(json));
  }
}
