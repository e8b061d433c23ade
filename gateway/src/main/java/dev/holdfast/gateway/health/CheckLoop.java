package dev.holdfast.gateway.health;

import dev.holdfast.core.Limit;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.http2.ForwardingLoop;
import dev.holdfast.gateway.limits.GatewayMeters;
import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Set;

/** What all checks of a gateway have in common: their loop, and whose turn it is. On that loop. */
final class CheckLoop {
  @Limit(
      of = "health checks of a gateway that wait for their first answer at one time",
      then = "the next waits for an answer, or the time-out of one")
  static final int MAX_AT_ONCE = 200;

  private final ForwardingLoop forwarding;
  private final GatewayMeters meters;
  private final Set<Cluster> connected = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Deque<EndpointCheck> waiting = new ArrayDeque<>();
  private int underWay;

  CheckLoop(ForwardingLoop forwarding, GatewayMeters meters) {
    this.forwarding = forwarding;
    this.meters = meters;
  }

  ForwardingLoop forwarding() {
    return forwarding;
  }

  EventLoop eventLoop() {
    return forwarding.eventLoop();
  }

  /** Whether one may ask now; if not it is told to go on when it may. */
  boolean takeTurn(EndpointCheck check) {
    if (underWay >= MAX_AT_ONCE) {
      waiting.add(check);
      return false;
    }
    underWay++;
    return true;
  }

  /** One has its answer. */
  void giveTurn() {
    underWay--;
    if (!waiting.isEmpty()) {
      // Not at once: whoever gives its turn is in the middle of something.
      eventLoop().execute(this::wake);
    }
  }

  private void wake() {
    while (underWay < MAX_AT_ONCE && !waiting.isEmpty()) {
      waiting.remove().proceed();
    }
  }

  /** One that waits for its turn is gone. */
  void forget(EndpointCheck check) {
    waiting.remove(check);
  }

  /** A connection will be wanted. */
  void open(Cluster connection) {
    connected.add(connection);
  }

  /** It is not wanted any more. */
  void close(Cluster connection) {
    connected.remove(connection);
    forwarding.retain(connected);
  }

  /** An answer, or a failure. */
  void count(Cluster cluster, String result) {
    meters.healthChecked(cluster.name(), result);
  }
}
