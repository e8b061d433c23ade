package dev.holdfast.gateway.resume;

import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.route.ResumePolicy;
import dev.holdfast.gateway.route.Route;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The resumable streams of a gateway by their id. Thread-safe. Bounded by the policy of each route
 * ({@link RouteSessions}).
 */
public final class ResumeSessions {
  private final Map<String, ResumeSession> byId = new ConcurrentHashMap<>();
  private final Map<String, RouteSessions> byRoute = new ConcurrentHashMap<>();

  /** The stream with an id, if the key is that of its opener; null otherwise. */
  @Nullable ResumeSession find(String id, SessionKey key) {
    ResumeSession session = byId.get(id);
    return session != null && session.key().isSame(key) ? session : null;
  }

  /**
   * A new stream with its first reader on an event loop.
   *
   * @return null when the route has as many as it may
   */
  @Nullable ResumeSession open(
      Route route, ResumePolicy policy, SessionKey key, ForwardingLoop loop) {
    RouteSessions sessions = byRoute.computeIfAbsent(route.name(), unused -> new RouteSessions());
    if (!sessions.admit(policy)) {
      return null;
    }
    ResumeSession session =
        new ResumeSession(
            ResumeToken.newSession(), key, loop, policy, new SessionOwner(this, sessions));
    byId.put(session.id(), session);
    return session;
  }

  void forget(ResumeSession session) {
    byId.remove(session.id());
  }

  /**
   * The tables that a stream is in.
   *
   * @param all streams of the gateway
   * @param ofRoute those of its route
   */
  record SessionOwner(ResumeSessions all, RouteSessions ofRoute) {}
}
