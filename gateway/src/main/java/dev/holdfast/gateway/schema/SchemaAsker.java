package dev.holdfast.gateway.schema;

import dev.holdfast.core.Endpoint;
import dev.holdfast.gateway.cluster.Cluster;
import java.util.concurrent.CompletionStage;

/** Asks servers for their schemas. Thread-safe. */
public interface SchemaAsker {
  /**
   * Asks one server.
   *
   * @param cluster which the server is of
   * @return completes on any thread, within a limit; with a {@link ReflectionException} when there
   *     is no schema to be had
   */
  CompletionStage<ServiceSchema> ask(Cluster cluster, Endpoint endpoint);
}
