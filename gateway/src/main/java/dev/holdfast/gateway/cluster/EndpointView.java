package dev.holdfast.gateway.cluster;

import org.jspecify.annotations.Nullable;

/**
 * An endpoint as one event loop sees it at one moment.
 *
 * @param address where it listens
 * @param connections that are open or on their way
 * @param ready those that a call could take now
 * @param openCalls that go on there
 * @param waiting calls that wait for a connection
 * @param ejected why it is left out for a while, and for how long yet; null when it is not
 * @param trouble why there is no connection; "" while there is one, or none was tried
 */
public record EndpointView(
    String address,
    int connections,
    int ready,
    int openCalls,
    int waiting,
    @Nullable Ejected ejected,
    String trouble) {
  /**
   * That an endpoint is left out.
   *
   * @param reason the last fault
   * @param backNanos until it gets calls again
   */
  public record Ejected(String reason, long backNanos) {}
}
