package dev.holdfast.gateway.health;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.loop.ForwardingLoop;
import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Set;

/**
 * The event loop that all health checks of a gateway share. Bounds the checks that wait for their
 * first answer. Confined to that loop.
 */
final class HealthCheckLoop {
  @Limit(
      of = "health checks of a gateway that wait for their first answer at one time",
      then = "the next waits for an answer, or the time-out of one")
  static final int MAX_AT_ONCE = 200;

  private final ForwardingLoop forwarding;
  private final GatewayMeters meters;
  private final Set<Cluster> connected = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Deque<EndpointHealthChecker> waiting = new ArrayDeque<>();
  private int underWay;

  HealthCheckLoop(ForwardingLoop forwarding, GatewayMeters meters) {
    this.forwarding = forwarding;
    this.meters = meters;
  }

  ForwardingLoop forwarding() {
    return forwarding;
  }

  EventLoop eventLoop() {
    return forwarding.eventLoop();
  }

  /**
   * Takes a slot for a check that begins. If none is free, {@link EndpointHealthChecker#proceed} is
   * called once it may try again.
   *
   * @return whether there was a free slot
   */
  boolean acquireSlot(EndpointHealthChecker check) {
    if (underWay >= MAX_AT_ONCE) {
      waiting.add(check);
      return false;
    }
    underWay++;
    return true;
  }

  /** Returns the slot of a check that has its first answer or failed. */
  void releaseSlot() {
    underWay--;
    if (!waiting.isEmpty()) {
      // Not at once: the caller that releases its turn has not returned yet.
      eventLoop().execute(this::wake);
    }
  }

  private void wake() {
    while (underWay < MAX_AT_ONCE && !waiting.isEmpty()) {
      waiting.remove().proceed();
    }
  }

  /** Removes a closed check from those that wait for a slot. */
  void forget(EndpointHealthChecker check) {
    waiting.remove(check);
  }

  /** Keeps the connections of this cluster of a single endpoint until {@link #close}. */
  void open(Cluster connection) {
    connected.add(connection);
  }

  /** Drains the connections of such a cluster. */
  void close(Cluster connection) {
    connected.remove(connection);
    forwarding.retain(connected);
  }

  /** Counts an answer or a failure. */
  void count(Cluster cluster, String result) {
    meters.healthChecked(cluster.name(), result);
  }
}
