package dev.holdfast.gateway.schema;

import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.http.RejectedBinding;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Log lines about the parts of a schema that are not served. */
final class SchemaRejectionLog {
  @Limit(
      of = "bindings that don't fit and files without imports that one schema is warned of",
      then = "the others are counted; the admin page and gateway check list them")
  static final int MAX_WARNED = 50;

  private static final Logger log = LoggerFactory.getLogger(SchemaRejectionLog.class);

  private SchemaRejectionLog() {}

  /** Logs a warning for each part of a new schema that is not served. */
  static void warn(String cluster, ServiceSchema schema) {
    HttpTranscoder transcoder = schema.transcoder().orElse(null);
    if (transcoder == null) {
      return;
    }
    List<String> unlinked = transcoder.catalog().unlinked();
    List<RejectedBinding> bindings = transcoder.rejected();
    for (String each : unlinked.subList(0, Math.min(MAX_WARNED, unlinked.size()))) {
      log.warn(
          "event=schema_file_rejected cluster={} others=served cause=\"{}\"",
          cluster,
          LogEscaper.escape(each));
    }
    int left = Math.max(0, MAX_WARNED - unlinked.size());
    for (RejectedBinding each : bindings.subList(0, Math.min(left, bindings.size()))) {
      log.warn(
          "event=binding_rejected cluster={} others=served file=\"{}\" method=\"{}\" binding=\"{}\""
              + " cause=\"{}\"",
          cluster,
          LogEscaper.escape(each.file()),
          LogEscaper.escape(each.method()),
          LogEscaper.escape(each.binding()),
          LogEscaper.escape(each.reason()));
    }
    int more = unlinked.size() + bindings.size() - MAX_WARNED;
    if (more > 0) {
      log.warn("event=binding_rejected cluster={} others=served more={}", cluster, more);
    }
  }
}
