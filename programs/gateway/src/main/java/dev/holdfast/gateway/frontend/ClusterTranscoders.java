package dev.holdfast.gateway.frontend;

import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.transcoding.http.HttpTranscoder;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The schemas of clusters, as transcoders. Thread-safe. Event loops read them for each request, so
 * no method may block.
 */
public interface ClusterTranscoders {
  /** The transcoder of a cluster's services; empty while the schema is unknown. */
  Optional<HttpTranscoder> of(Cluster cluster);

  /**
   * The reason why a cluster's schema is unknown, for the client; "" when the reason is unknown
   * too.
   */
  default String trouble(Cluster cluster) {
    return "";
  }

  /**
   * A stage that completes, on any thread, when the first schema request to a cluster has ended,
   * with or without a schema. Null when none is awaited.
   */
  default @Nullable CompletionStage<?> awaited(Cluster cluster) {
    return null;
  }
}
