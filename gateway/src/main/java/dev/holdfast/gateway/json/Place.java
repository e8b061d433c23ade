package dev.holdfast.gateway.json;

import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.route.Route;

/**
 * Where a call goes.
 *
 * @param cluster its services
 * @param route its name and terms
 */
record Place(Cluster cluster, Route route) {}
