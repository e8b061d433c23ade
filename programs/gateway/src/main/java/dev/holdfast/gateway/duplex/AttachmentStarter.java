package dev.holdfast.gateway.duplex;

import dev.holdfast.core.HostPort;
import dev.holdfast.gateway.call.ClusterCallTarget;
import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.cluster.EndpointPreference;
import dev.holdfast.gateway.cluster.ThreadLocalCluster;
import dev.holdfast.gateway.headers.GrpcTimeout;
import dev.holdfast.gateway.headers.HeaderNames;
import dev.holdfast.gateway.headers.ReceivedHeaders;
import dev.holdfast.gateway.headers.RequestHeaderRewrite;
import dev.holdfast.gateway.route.RetryPolicy;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.streams.session.SessionOutput;
import io.netty.handler.codec.http2.Http2Headers;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The request that all attachments of a duplex session repeat: its headers, its time, and the
 * endpoints at which the session may go on. Confined to the event loop of the session.
 */
final class AttachmentStarter {
  private final HttpExchange web;
  private final Http2Headers request;
  private final ClusterCallTarget target;
  private final long timeoutNanos;
  private final long beganNanos = System.nanoTime();

  /** The endpoint whose instance welcomed the session last; null before. */
  private @Nullable HostPort welcomedAt;

  /**
   * Creates the request of a session that begins now.
   *
   * @param headers become the starter's
   */
  AttachmentStarter(HttpExchange web, Http2Headers headers, ClusterCallTarget target) {
    this.web = web;
    this.request = headers;
    this.target = target;
    web.clientIdentity().copyClientCert(web.headers(), headers);
    this.timeoutNanos = RequestHeaderRewrite.timeoutNanos(headers, target.route().options());
  }

  /** The cluster and the path of the method. */
  String method() {
    return target.cluster().name() + request.path();
  }

  /** The timeout of the call in nanoseconds; 0 for none, or {@link GrpcTimeout#EXPIRED}. */
  long timeoutNanos() {
    return timeoutNanos;
  }

  /** An instance has welcomed the session. */
  void onWelcome(String endpoint) {
    welcomedAt = HostPort.parse(endpoint);
  }

  /**
   * The headers of an attachment. Each gets a copy, because a call changes its headers.
   *
   * @param over whether the session has ended, so that its deadline means nothing any more
   */
  Http2Headers headers(SessionOutput.StartCall startCall, boolean over) {
    Http2Headers headers = new ReceivedHeaders(false, false, request.size() + 2);
    headers.add(request);
    HandshakeHeaders.write(startCall, headers);
    if (over) {
      headers.remove(HeaderNames.GRPC_TIMEOUT);
    } else if (timeoutNanos > 0 && startCall.attachment().number() > 1) {
      long left = timeoutNanos - (System.nanoTime() - beganNanos);
      headers.set(HeaderNames.GRPC_TIMEOUT, GrpcTimeout.format(left));
    }
    return headers;
  }

  /**
   * The endpoint for an attachment: that of the instance which has the session, else the one where
   * the session was. A session that was handed over avoids the instance that it left.
   */
  EndpointPreference preference(SessionOutput.StartCall startCall) {
    HostPort last = welcomedAt;
    if (last == null) {
      return EndpointPreference.NONE;
    }
    if (startCall.hello().token().isNone()) {
      return new EndpointPreference(null, last);
    }
    ThreadLocalCluster<?> endpoints = web.loop().endpointsOf(target.cluster());
    HostPort owner = startCall.hello().token().owner().map(AttachmentStarter::parse).orElse(null);
    if (owner != null && endpoints.has(owner)) {
      return new EndpointPreference(owner, null);
    }
    return endpoints.has(last) ? new EndpointPreference(last, null) : EndpointPreference.NONE;
  }

  /** An address of a token, which its server wrote as it likes; null for none. */
  private static @Nullable HostPort parse(String address) {
    try {
      return HostPort.parse(address);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /** Starts the call of an attachment. */
  void start(DuplexAttachment attachment, boolean over) {
    boolean first = attachment.attachment().number() == 1;
    Route route = target.route();
    attachment
        .call()
        .start(
            target.cluster(),
            first ? route : new Route(route.name(), route.cluster(), later(route.options(), over)));
  }

  /**
   * The options of an attachment behind the first one. The session decides what is repeated, so
   * that only what was certainly not processed is sent again.
   */
  private RouteOptions later(RouteOptions options, boolean over) {
    Duration age = options.streamAge();
    if (!age.isZero()) {
      Duration left = age.minusNanos(System.nanoTime() - beganNanos);
      age = left.compareTo(RouteOptions.LEAST_AGE) < 0 ? RouteOptions.LEAST_AGE : left;
    }
    return new RouteOptions(
        options.deadline(),
        options.maxDeadline(),
        RetryPolicy.DEFAULT,
        options.hashHeader(),
        over ? Duration.ZERO : age,
        options.cors(),
        options.compress(),
        options.resume());
  }
}
