package dev.holdfast.liveness;

import dev.holdfast.core.CloseReason;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.net.SocketAddress;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The meters and logs of the connections of one client or server, shared by their handlers. One
 * instance serves all connections of one role on one registry. Thread-safe.
 */
public final class LivenessMeters {
  private static final Logger log = LoggerFactory.getLogger(LivenessMeters.class);

  /**
   * The connection counts behind the gauges, by registry. Micrometer ignores a second gauge of the
   * same name, so all channels of a process on one registry share these counts.
   */
  private static final Map<MeterRegistry, Map<Role, Map<LivenessState, AtomicLong>>> COUNTS =
      new WeakHashMap<>();

  /** Meters without a registry, which record nothing. */
  public static final LivenessMeters NONE =
      new LivenessMeters(new CompositeMeterRegistry(), Role.CLIENT);

  private final Map<LivenessState, AtomicLong> connections;
  private final Map<CloseReason, Counter> suspected = new EnumMap<>(CloseReason.class);
  private final Map<CloseReason, Counter> closed = new EnumMap<>(CloseReason.class);
  private final Counter probes;
  private final Counter nudges;
  private final Counter forgiven;

  private LivenessMeters(MeterRegistry registry, Role role) {
    String side = role.name().toLowerCase(Locale.ROOT);
    probes = LivenessMeter.PROBES.counter(registry, side);
    nudges = LivenessMeter.NUDGES.counter(registry, side);
    forgiven = LivenessMeter.FORGIVEN.counter(registry, side);
    synchronized (COUNTS) {
      connections =
          COUNTS
              .computeIfAbsent(registry, r -> new EnumMap<>(Role.class))
              .computeIfAbsent(role, r -> gauges(registry, side));
    }
    for (CloseReason reason : CloseReason.values()) {
      if (reason.endsConnections()) {
        suspected.put(reason, LivenessMeter.SUSPECTED.counter(registry, side, reason.code()));
        closed.put(reason, LivenessMeter.CLOSED.counter(registry, side, reason.code()));
      }
    }
  }

  /** The meters of the connections of this role, on this registry. */
  public static LivenessMeters on(MeterRegistry registry, Role role) {
    return new LivenessMeters(registry, role);
  }

  private static Map<LivenessState, AtomicLong> gauges(MeterRegistry registry, String side) {
    Map<LivenessState, AtomicLong> counts = new EnumMap<>(LivenessState.class);
    for (LivenessState state : LivenessState.values()) {
      AtomicLong count = new AtomicLong();
      counts.put(state, count);
      if (state != LivenessState.CLOSED) {
        LivenessMeter.CONNECTIONS.gauge(registry, () -> count, side, state.name());
      }
    }
    return counts;
  }

  /** Counts a new connection and returns its state. */
  LivenessState opened() {
    count(LivenessState.OPENING, 1);
    return LivenessState.OPENING;
  }

  /** Moves a counted connection from one state to another and returns the new state. */
  LivenessState moved(LivenessState from, LivenessState to) {
    if (from != to) {
      count(from, -1);
      count(to, 1);
    }
    return to;
  }

  void probed() {
    probes.increment();
  }

  void nudged() {
    nudges.increment();
  }

  void suspected(Role role, CloseReason why, SocketAddress peer) {
    increment(suspected, why);
    log.debug("event=connection_suspect code={} role={} peer={}", why.code(), role, peer);
  }

  void forgiven(Role role, SocketAddress peer) {
    forgiven.increment();
    log.debug("event=connection_proven role={} peer={}", role, peer);
  }

  /** The one line an operator acts on: we close, and say why. */
  void givenUp(Role role, CloseReason why, SocketAddress peer) {
    log.info("event=connection_given_up role={} peer={} {}", role, peer, why.describe(peer));
  }

  void closed(Role role, CloseReason why, SocketAddress peer) {
    increment(closed, why);
    log.debug("event=connection_ended code={} role={} peer={}", why.code(), role, peer);
  }

  private void count(LivenessState state, long by) {
    AtomicLong count = connections.get(state);
    if (count != null) {
      count.addAndGet(by);
    }
  }

  private static void increment(Map<CloseReason, Counter> counters, CloseReason why) {
    Counter counter = counters.get(why);
    if (counter != null) {
      counter.increment();
    }
  }
}
