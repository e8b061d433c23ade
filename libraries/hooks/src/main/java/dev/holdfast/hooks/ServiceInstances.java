package dev.holdfast.hooks;

import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.Subscription;
import java.util.function.Consumer;

/**
 * The instances of a server's own service, as its clients see them in the registry, and the load
 * that the server publishes there. Thread-safe; no method blocks.
 */
public interface ServiceInstances {
  /**
   * Follows the list of the instances.
   *
   * @param listener called with each list, on a scheduler; must not block
   */
  Subscription follow(Consumer<EndpointSet> listener);

  /**
   * Reports the load of one part of the server. The sum of all parts is published when it has
   * changed enough, and at a bounded rate.
   *
   * @param part the identity of the part; what it reported before is replaced
   * @return the sum of all parts
   */
  StreamLoad report(Object part, StreamLoad load);
}
