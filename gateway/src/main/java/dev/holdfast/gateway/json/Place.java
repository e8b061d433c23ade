package dev.holdfast.gateway.json;

import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.route.RouteOptions;

/**
 * Where a call goes.
 *
 * @param cluster its services
 * @param options the terms
 */
record Place(Cluster cluster, RouteOptions options) {}
