package dev.holdfast.gateway.cluster;

/**
 * An endpoint as one event loop sees it at one moment.
 *
 * @param address where it listens
 * @param connections that are open or on their way
 * @param ready those that a call could take now
 * @param openCalls that go on there
 * @param waiting calls that wait for a connection
 * @param ejected whether it is left out for a while because it failed
 * @param trouble why there is no connection; "" while there is one, or none was tried
 */
public record EndpointView(
    String address,
    int connections,
    int ready,
    int openCalls,
    int waiting,
    boolean ejected,
    String trouble) {}
