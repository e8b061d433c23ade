package dev.holdfast.gateway.route;

/**
 * A route of the configuration: a name, a condition, a target and options.
 *
 * @param name for logs and meters
 * @param match the condition that requests must meet
 * @param target the clusters that they go to
 * @param options of the route
 */
public record RouteRule(String name, RouteMatch match, RouteTarget target, RouteOptions options) {}
