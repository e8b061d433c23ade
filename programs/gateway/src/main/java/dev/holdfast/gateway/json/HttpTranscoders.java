package dev.holdfast.gateway.json;

import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.schema.ServiceCatalog;

/** A transcoder without any services. */
final class HttpTranscoders {
  static final HttpTranscoder NONE = HttpTranscoder.of(ServiceCatalog.empty());

  private HttpTranscoders() {}
}
