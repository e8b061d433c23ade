package dev.holdfast.gateway.schema;

import dev.holdfast.core.Endpoint;
import java.util.concurrent.CompletionStage;

/** Asks servers for their schemas. Thread-safe. */
public interface SchemaAsker {
  /**
   * Asks one server.
   *
   * @param cluster which the server is of; its name is the authority
   * @return completes on any thread, within a limit; with a {@link ReflectionException} when there
   *     is no schema to be had
   */
  CompletionStage<ServiceSchema> ask(String cluster, Endpoint endpoint);
}
