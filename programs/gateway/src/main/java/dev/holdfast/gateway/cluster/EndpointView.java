package dev.holdfast.gateway.cluster;

import org.jspecify.annotations.Nullable;

/**
 * The state of an endpoint on one event loop at one moment.
 *
 * @param address of the endpoint
 * @param connections open or being opened
 * @param ready connections that could take a call now
 * @param openCalls at the endpoint
 * @param waiting calls that wait for a connection
 * @param ejected the ejection; null for none
 * @param trouble why there is no connection; "" while there is one, or none was tried
 */
public record EndpointView(
    String address,
    int connections,
    int ready,
    int openCalls,
    int waiting,
    @Nullable EjectionView ejected,
    String trouble) {
  /**
   * The ejection of an endpoint.
   *
   * @param reason the last fault
   * @param backNanos the rest of the ejection, in nanoseconds
   */
  public record EjectionView(String reason, long backNanos) {}
}
