package dev.holdfast.gateway.json;

import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.transcoding.http.HttpTranscoder;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the services behind clusters. Thread-safe; asked on event loops for each
 * request, so an answer must stand ready.
 */
public interface Schemas {
  /** The face of a cluster's services; empty while their schema is not known. */
  Optional<HttpTranscoder> of(Cluster cluster);

  /** Why nothing is known of a cluster, for the client; "" when that is not known either. */
  default String trouble(Cluster cluster) {
    return "";
  }

  /**
   * Completes when the servers of a cluster have said for the first time what they offer, or could
   * not be asked; null when that is not awaited. Completes on any thread.
   */
  default @Nullable CompletionStage<?> awaited(Cluster cluster) {
    return null;
  }
}
