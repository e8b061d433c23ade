package dev.holdfast.gateway.route;

/**
 * The route of a request: its cluster and its options.
 *
 * @param name of the route, for logs and meters
 * @param cluster the name of a cluster in the same snapshot
 * @param options of the route
 */
public record Route(String name, String cluster, RouteOptions options) {}
