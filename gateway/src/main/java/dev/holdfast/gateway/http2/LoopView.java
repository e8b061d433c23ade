package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.cluster.EndpointView;
import java.util.List;
import java.util.Map;

/**
 * What can be seen of one event loop at one moment.
 *
 * @param clients their connections
 * @param spliced those of them whose bytes go to an endpoint as they are
 * @param keptBytes of bodies and frames that wait for others, or to be sent again
 * @param endpoints by the name of their cluster; only of clusters that were called
 */
public record LoopView(
    int clients, int spliced, long keptBytes, Map<String, List<EndpointView>> endpoints) {}
