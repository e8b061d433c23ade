package dev.holdfast.gateway.loop;

import dev.holdfast.gateway.cluster.EndpointView;
import java.util.List;
import java.util.Map;

/**
 * The state of one event loop at one moment, for the admin page.
 *
 * @param clients the number of client connections
 * @param tcpProxied those of them that are passed through byte for byte
 * @param keptBytes of bodies and frames that wait for a receiver or a retry
 * @param endpoints by the name of their cluster; only of clusters that were called
 */
public record LoopView(
    int clients, int tcpProxied, long keptBytes, Map<String, List<EndpointView>> endpoints) {}
