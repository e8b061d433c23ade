package dev.holdfast.gateway.json;

import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.http2.CallListener;
import dev.holdfast.gateway.http2.CallTarget;
import dev.holdfast.gateway.http2.OutgoingCall;
import dev.holdfast.gateway.http2.UpstreamCall;
import dev.holdfast.gateway.http2.WebExchange;
import dev.holdfast.gateway.route.Route;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * A cluster as the target of a call.
 *
 * @param cluster that serves the call
 * @param route its name and options
 */
record Place(Cluster cluster, Route route) implements CallTarget {
  @Override
  public OutgoingCall begin(WebExchange web, Http2Headers headers, CallListener listener) {
    web.client().bring(web.headers(), headers);
    UpstreamCall call = new UpstreamCall(web, headers, listener);
    web.onCall(call.trace());
    call.start(cluster, route);
    return call;
  }
}
