package dev.holdfast.gateway.route;

/**
 * Where a request goes and under which terms.
 *
 * @param name of the route, for logs and meters
 * @param cluster the name of a cluster in the same snapshot
 * @param options its terms
 */
public record Route(String name, String cluster, RouteOptions options) {}
