package dev.holdfast.gateway.json;

import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.http.TranscodingOptions;
import dev.holdfast.transcoding.json.JsonCodec;
import dev.holdfast.transcoding.json.JsonOptions;
import dev.holdfast.transcoding.json.SchemaTypes;
import dev.holdfast.transcoding.schema.ServiceCatalog;

/**
 * What HTTP/JSON looks like. Immutable.
 *
 * @param http of paths and queries
 * @param json of bodies; also those of Connect
 */
public record JsonTerms(TranscodingOptions http, JsonOptions json) {
  /** As the mapping of proto3 has it, with nothing unknown taken. */
  public static final JsonTerms DEFAULT =
      new JsonTerms(TranscodingOptions.DEFAULT, JsonOptions.DEFAULT);

  /**
   * The same face with these terms; itself if it has them. Whether errors may tell the nearest name
   * stays as it is: that goes by where the schema came from.
   */
  public HttpTranscoder transcoder(HttpTranscoder other) {
    JsonOptions had = other.codec().options();
    JsonOptions wanted = json.withNearestNames(had.nearestNames());
    boolean same = other.options().equals(http) && had.equals(wanted);
    return same ? other : HttpTranscoder.of(other.catalog(), http, other.codec().with(wanted));
  }

  /** The same, with errors that tell the nearest name: for schemas that servers tell anybody. */
  public JsonTerms withNearestNames() {
    return new JsonTerms(http, json.withNearestNames(true));
  }

  /** The face of a catalog, without the bindings that can't be served. */
  public HttpTranscoder transcoder(ServiceCatalog catalog) {
    return HttpTranscoder.of(
        catalog, http, JsonCodec.of(SchemaTypes.of(catalog.typeFiles())).with(json));
  }
}
