package dev.holdfast.gateway.call;

import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.route.Route;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.Optional;

/**
 * A cluster as the target of a call.
 *
 * @param cluster that serves the call
 * @param route its name and options
 */
public record ClusterCallTarget(Cluster cluster, Route route) implements CallTarget {
  @Override
  public OutgoingCall begin(HttpExchange web, Http2Headers headers, CallListener listener) {
    web.clientIdentity().copyClientCert(web.headers(), headers);
    UpstreamCall call = new UpstreamCall(web, headers, listener);
    web.onCall(call.trace());
    call.start(cluster, route);
    return call;
  }

  @Override
  public Optional<Route> resumable() {
    return route.options().resume().isPresent() ? Optional.of(route) : Optional.empty();
  }
}
