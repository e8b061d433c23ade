package dev.holdfast.gateway.json;

import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.schema.ServiceCatalog;

/** The face of no service. */
final class HttpTranscoders {
  static final HttpTranscoder NONE = HttpTranscoder.of(ServiceCatalog.empty());

  private HttpTranscoders() {}
}
