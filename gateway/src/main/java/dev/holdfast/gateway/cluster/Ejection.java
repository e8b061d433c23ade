package dev.holdfast.gateway.cluster;

import java.time.Duration;

/**
 * That an endpoint gets no new calls for a while.
 *
 * @param address of the endpoint
 * @param fault the last one
 * @param cause the same in words
 * @param faults how many there were in a row
 * @param time for how long
 * @param ejections how often in a row, this one included
 */
public record Ejection(
    String address, EndpointFault fault, String cause, int faults, Duration time, int ejections) {}
