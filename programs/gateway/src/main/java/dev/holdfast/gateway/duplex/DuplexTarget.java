package dev.holdfast.gateway.duplex;

import dev.holdfast.gateway.call.CallListener;
import dev.holdfast.gateway.call.CallTarget;
import dev.holdfast.gateway.call.ClusterCallTarget;
import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.call.OutgoingCall;
import dev.holdfast.gateway.route.ResumePolicy;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.streams.session.ClientSession.Peer;
import dev.holdfast.streams.session.MethodKind;
import dev.holdfast.transcoding.schema.StreamingType;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.Optional;

/**
 * A cluster as the target of streams that outlive the connection to the service, and its instance
 * where the service can hand streams over. To a service without sessions they are plain calls.
 */
public final class DuplexTarget implements CallTarget {
  private final ClusterCallTarget cluster;
  private final MethodKind kind;
  private final UpstreamSessions sessions;

  private DuplexTarget(ClusterCallTarget cluster, MethodKind kind, UpstreamSessions sessions) {
    this.cluster = cluster;
    this.kind = kind;
    this.sessions = sessions;
  }

  /**
   * The target of a method's streams; the given one where it is no cluster, its route keeps no
   * streams or offers services nothing, or the service sends one response.
   */
  public static CallTarget of(CallTarget target, StreamingType type, UpstreamSessions sessions) {
    return target instanceof ClusterCallTarget cluster
            && offersSessions(cluster)
            && type.serverStreams()
        ? new DuplexTarget(
            cluster,
            type.clientStreams() ? MethodKind.BIDIRECTIONAL : MethodKind.SERVER_STREAMING,
            sessions)
        : target;
  }

  private static boolean offersSessions(ClusterCallTarget cluster) {
    return cluster
        .resumable()
        .flatMap(route -> route.options().resume())
        .map(ResumePolicy::serviceSessions)
        .orElse(false);
  }

  @Override
  public OutgoingCall begin(HttpExchange web, Http2Headers headers, CallListener listener) {
    String method = cluster.cluster().name() + headers.path();
    Peer peer = sessions.expected(method, kind, System.nanoTime());
    if (peer == Peer.PLAIN) {
      return cluster.begin(web, headers, listener);
    }
    DuplexCall call = new DuplexCall(web, headers, listener, cluster, sessions);
    call.start(peer, kind);
    return call;
  }

  @Override
  public Optional<Route> resumable() {
    return cluster.resumable();
  }
}
