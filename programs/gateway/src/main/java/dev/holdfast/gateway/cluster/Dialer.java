package dev.holdfast.gateway.cluster;

import dev.holdfast.core.Endpoint;

/** The factory of connections on one event loop. */
@FunctionalInterface
public interface Dialer<L extends PooledConnection> {
  /** Begins to connect. The outcome is reported to the listener, but never before this returns. */
  L dial(Endpoint endpoint, ClusterOptions options, PooledConnectionListener<L> watch);
}
