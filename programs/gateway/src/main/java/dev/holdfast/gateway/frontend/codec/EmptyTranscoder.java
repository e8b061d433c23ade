package dev.holdfast.gateway.frontend.codec;

import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.schema.ServiceCatalog;

/** A transcoder without any services. */
public final class EmptyTranscoder {
  public static final HttpTranscoder NONE = HttpTranscoder.of(ServiceCatalog.empty());

  private EmptyTranscoder() {}
}
