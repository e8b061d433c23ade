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
  private static final Map<MeterRegistry, Map<ConnectionRole, Map<LivenessState, AtomicLong>>>
      COUNTS = new WeakHashMap<>();

  /** Meters without a registry, which record nothing. */
  public static final LivenessMeters NONE =
      new LivenessMeters(new CompositeMeterRegistry(), ConnectionRole.CLIENT);

  private final Map<LivenessState, AtomicLong> connections;
  private final Map<CloseReason, Counter> suspected = new EnumMap<>(CloseReason.class);
  private final Map<CloseReason, Counter> closed = new EnumMap<>(CloseReason.class);
  private final Counter probes;
  private final Counter nudges;
  private final Counter recovered;

  private LivenessMeters(MeterRegistry registry, ConnectionRole connectionRole) {
    String side = connectionRole.name().toLowerCase(Locale.ROOT);
    probes = LivenessMeter.PROBES.counter(registry, side);
    nudges = LivenessMeter.TCP_KEEPALIVE_PROBES.counter(registry, side);
    recovered = LivenessMeter.RECOVERED.counter(registry, side);
    synchronized (COUNTS) {
      connections =
          COUNTS
              .computeIfAbsent(registry, r -> new EnumMap<>(ConnectionRole.class))
              .computeIfAbsent(connectionRole, r -> gauges(registry, side));
    }
    for (CloseReason reason : CloseReason.values()) {
      if (reason.endsConnections()) {
        suspected.put(reason, LivenessMeter.SUSPECTED.counter(registry, side, reason.code()));
        closed.put(reason, LivenessMeter.CLOSED.counter(registry, side, reason.code()));
      }
    }
  }

  /** The meters of the connections of this role, on this registry. */
  public static LivenessMeters on(MeterRegistry registry, ConnectionRole connectionRole) {
    return new LivenessMeters(registry, connectionRole);
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

  void tcpKeepaliveProbed() {
    nudges.increment();
  }

  void suspected(ConnectionRole connectionRole, CloseReason why, SocketAddress peer) {
    increment(suspected, why);
    log.debug("event=connection_suspect code={} role={} peer={}", why.code(), connectionRole, peer);
  }

  void recovered(ConnectionRole connectionRole, SocketAddress peer) {
    recovered.increment();
    log.debug("event=connection_recovered role={} peer={}", connectionRole, peer);
  }

  /** The one line an operator acts on: we close, and say why. */
  void closing(ConnectionRole connectionRole, CloseReason why, SocketAddress peer) {
    log.info(
        "event=connection_closing role={} peer={} {}", connectionRole, peer, why.describe(peer));
  }

  void closed(ConnectionRole connectionRole, CloseReason why, SocketAddress peer) {
    increment(closed, why);
    log.debug("event=connection_closed code={} role={} peer={}", why.code(), connectionRole, peer);
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
