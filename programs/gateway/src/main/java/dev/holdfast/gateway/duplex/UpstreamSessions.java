package dev.holdfast.gateway.duplex;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.route.ResumePolicy;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.streams.BufferBudget;
import dev.holdfast.streams.session.ClientSession.Peer;
import dev.holdfast.streams.session.MethodKind;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The state that all duplex sessions of a gateway share: the last known kind of service of each
 * method, and the bytes that the sessions of each route hold. Thread-safe.
 *
 * <p>A service without sessions may stand beside others, so one answer changes what is expected of
 * all of them.
 */
public final class UpstreamSessions {
  @Limit(
      of = "methods of services of which a gateway knows whether their streams have sessions",
      then = "all are forgotten and found out again")
  static final int MAX_METHODS = 10_000;

  @Limit(
      of =
          "time for which bidirectional streams of a method are plain calls because a service"
              + " without sessions answered",
      then = "the next stream asks again")
  static final Duration PLAIN_FOR = Duration.ofMinutes(1);

  private record KnownService(boolean hasSessions, long atNanos) {}

  private final Map<String, KnownService> services = new ConcurrentHashMap<>();
  private final Map<String, BufferBudget> budgets = new ConcurrentHashMap<>();

  /** Records the kind of a service that answered. */
  void onAnswer(String method, boolean hasSessions, long nowNanos) {
    if (services.size() >= MAX_METHODS) {
      services.clear();
    }
    services.put(method, new KnownService(hasSessions, nowNanos));
  }

  /**
   * The expectation with which a stream begins.
   *
   * @return PLAIN for a stream that is to be a plain call: a bidirectional service without sessions
   *     may wait for a half-close, which a session would hold back until it is sure
   */
  Peer expected(String method, MethodKind kind, long nowNanos) {
    KnownService known = services.get(method);
    if (known == null) {
      return Peer.UNKNOWN;
    } else if (known.hasSessions()) {
      return Peer.HOLDFAST;
    } else if (kind == MethodKind.SERVER_STREAMING) {
      return Peer.LIKELY_PLAIN;
    }
    return nowNanos - known.atNanos() < PLAIN_FOR.toNanos() ? Peer.PLAIN : Peer.UNKNOWN;
  }

  /** The bytes that the sessions of a route may hold: as many as the route keeps for readers. */
  BufferBudget budget(Route route, ResumePolicy policy) {
    return budgets.compute(
        route.name(),
        (name, known) ->
            known != null && known.limitBytes() == policy.totalBytes()
                ? known
                : new BufferBudget(policy.totalBytes()));
  }
}
