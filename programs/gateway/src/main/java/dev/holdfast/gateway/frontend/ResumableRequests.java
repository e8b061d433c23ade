package dev.holdfast.gateway.frontend;

import dev.holdfast.gateway.call.CallTarget;
import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.duplex.DuplexTarget;
import dev.holdfast.gateway.duplex.UpstreamSessions;
import dev.holdfast.gateway.frontend.codec.FrontendCodec;
import dev.holdfast.gateway.resume.ResumePoint;
import dev.holdfast.gateway.resume.ResumeSessions;
import dev.holdfast.gateway.resume.ResumeTarget;
import dev.holdfast.gateway.resume.ResumeToken;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.transcoding.status.RequestRefusedException;
import org.jspecify.annotations.Nullable;

/**
 * The requests of a gateway whose streams can be resumed: server-sent events by {@code
 * last-event-id}, WebSockets by the parameters of {@link SocketSession}. Thread-safe.
 */
final class ResumableRequests {
  private static final String LAST_EVENT_ID = "last-event-id";

  private final ResumeSessions sessions = new ResumeSessions();
  private final UpstreamSessions upstreams = new UpstreamSessions();

  ResumeSessions sessions() {
    return sessions;
  }

  /**
   * The target of a request: the given one where its route has no policy or its format has no
   * positions.
   *
   * @param socket the session that a WebSocket asks for; null for none
   * @throws RequestRefusedException 400 for a malformed id, and where a session is asked for in
   *     vain
   */
  CallTarget target(
      HttpExchange web, CallTarget target, FrontendCodec codec, @Nullable SocketSession socket) {
    Route route = target.resumable().orElse(null);
    boolean isSocket = web.isWebSocketUpgrade();
    if (route == null) {
      if (socket != null) {
        throw RequestRefusedException.badRequest(
            "@session: on a route whose streams can't be resumed (expected: resume in its"
                + " configuration)");
      }
      return target;
    }
    if ("HEAD".contentEquals(String.valueOf(web.headers().method()))) {
      return target;
    }
    ResumePoint point = new ResumePoint(socket != null && socket.acknowledges());
    if ((isSocket && socket == null) || !codec.resumeAt(point)) {
      return target;
    }
    ResumeToken token = socket == null ? lastEvent(web) : socket.token();
    CallTarget upstream =
        codec.methodType().map(type -> DuplexTarget.of(target, type, upstreams)).orElse(target);
    return new ResumeTarget(sessions, upstream, route, point, token, isSocket);
  }

  private static @Nullable ResumeToken lastEvent(HttpExchange web) {
    CharSequence id = web.headers().get(LAST_EVENT_ID);
    return id == null || id.length() == 0 ? null : ResumeToken.ofEvent(id.toString());
  }
}
