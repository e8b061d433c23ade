package dev.holdfast.gateway.schema;

import dev.holdfast.core.Endpoint;
import dev.holdfast.gateway.cluster.Cluster;
import java.util.concurrent.CompletionStage;

/** Source of schemas from servers. Thread-safe. */
public interface SchemaSource {
  /**
   * Requests the schema of one server.
   *
   * @param cluster of the server
   * @return completes on any thread, within a time limit; with a {@link ReflectionException} when
   *     there is no schema
   */
  CompletionStage<ServiceSchema> ask(Cluster cluster, Endpoint endpoint);
}
