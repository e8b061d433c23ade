package dev.holdfast.gateway.route;

/**
 * A route as it is written.
 *
 * @param name for logs and meters
 * @param match which requests it is meant for
 * @param target where they go
 * @param options under which terms
 */
public record RouteRule(String name, RouteMatch match, RouteTarget target, RouteOptions options) {}
