package dev.holdfast.gateway.traffic;

/**
 * What calls are told apart by.
 *
 * @param route its name; "" for calls without one
 * @param cluster its name; "" likewise
 * @param method such as {@code pkg.Service/Method}, or "other"
 */
public record CallKind(String route, String cluster, String method) {}
