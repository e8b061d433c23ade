package dev.holdfast.gateway.traffic;

/**
 * The key of call statistics: route, cluster and method.
 *
 * @param route its name; "" for calls without a route
 * @param cluster its name; "" for calls without a route
 * @param method such as {@code pkg.Service/Method}, or "other"
 */
public record CallStatisticsKey(String route, String cluster, String method) {}
