package dev.holdfast.gateway.cluster;

import java.time.Duration;

/**
 * The ejection of an endpoint, which gets no new calls for a while.
 *
 * @param address of the endpoint
 * @param fault the last one
 * @param cause the last fault in words
 * @param faults consecutive ones
 * @param time of the ejection
 * @param ejections in a row, this one included
 */
public record Ejection(
    String address, EndpointFault fault, String cause, int faults, Duration time, int ejections) {}
