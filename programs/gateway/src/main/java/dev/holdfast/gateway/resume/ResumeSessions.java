package dev.holdfast.gateway.resume;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.route.ResumePolicy;
import dev.holdfast.gateway.route.Route;
import io.netty.channel.Channel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The resumable streams of a gateway by their id. Thread-safe. Bounded by the policy of each route
 * ({@link RouteSessions}).
 */
public final class ResumeSessions {
  /** The time from the drain of a gateway on, see {@link #keepInDrain}. */
  @Limit(
      of = "time that a gateway whose sockets were handed over keeps its resumable streams",
      then = "they end with UNAVAILABLE, and their readers begin anew")
  public static final Duration KEPT_IN_DRAIN = Duration.ofHours(1);

  private final Map<String, ResumeSession> byId = new ConcurrentHashMap<>();
  private final Map<String, RouteSessions> byRoute = new ConcurrentHashMap<>();

  private final RelayBudget relays = RelayBudget.ofProcess();

  private volatile List<Path> earlierGateways = List.of();
  private volatile boolean keptInDrain;

  /**
   * Uses the sockets of earlier gateways of this machine, the last one first, which may have the
   * streams that are not here.
   */
  public void useEarlierGateways(List<Path> sockets) {
    earlierGateways = List.copyOf(sockets);
  }

  /** The sockets of earlier gateways, the last one first. */
  public List<Path> earlierGateways() {
    return earlierGateways;
  }

  /** The number of readers that may be passed on to earlier gateways. */
  RelayBudget relays() {
    return relays;
  }

  /** Takes a connection of the gateway that takes the place of this one, for one of its readers. */
  public void acceptReader(Channel channel) {
    channel.pipeline().addLast(RelayFrame.decoder(), RelayFrame.encoder(), new RelayedReader(this));
  }

  /** A drain leaves the streams, for readers that come to another gateway of this machine. */
  public void keepInDrain() {
    keptInDrain = true;
  }

  /** Ends the streams that have no reader, as a limit does. */
  void evictAll() {
    byId.values().forEach(ResumeSession::evict);
  }

  /** Whether a drain leaves the streams. */
  public boolean areKeptInDrain() {
    return keptInDrain;
  }

  /** The number of streams that are kept. */
  public int count() {
    return byId.size();
  }

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
