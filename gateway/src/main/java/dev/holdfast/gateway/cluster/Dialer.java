package dev.holdfast.gateway.cluster;

import dev.holdfast.core.Endpoint;

/** Opens connections of one event loop. */
@FunctionalInterface
public interface Dialer<L extends Link> {
  /** Begins to connect; how that ends is told to the watch, never before this returns. */
  L dial(Endpoint endpoint, ClusterOptions options, LinkWatch<L> watch);
}
