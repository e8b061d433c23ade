package dev.holdfast.gateway.schema;

import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.frontend.ClusterTranscoders;
import dev.holdfast.transcoding.http.HttpTranscoder;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The transcoders of clusters by server reflection or descriptor sets. Thread-safe.
 *
 * @param schemas the schemas of the clusters
 */
public record SchemaTranscoders(ClusterSchemas schemas) implements ClusterTranscoders {
  @Override
  public Optional<HttpTranscoder> of(Cluster cluster) {
    return schemas.of(cluster).flatMap(ServiceSchema::transcoder);
  }

  @Override
  public @Nullable CompletionStage<?> awaited(Cluster cluster) {
    return schemas.awaited(cluster);
  }

  @Override
  public String trouble(Cluster cluster) {
    return schemas
        .of(cluster)
        .map(ServiceSchema::trouble)
        .filter(trouble -> !trouble.isEmpty())
        .orElseGet(() -> schemas.trouble(cluster));
  }
}
