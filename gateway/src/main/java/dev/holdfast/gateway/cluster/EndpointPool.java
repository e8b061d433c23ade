package dev.holdfast.gateway.cluster;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Limit;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one event loop to one endpoint, and the calls that wait for one.
 *
 * <p>A call gets the connection with the fewest calls. Another one is opened when all are full to
 * {@value #AHEAD_PERCENT} %, or none of them is fit for a call, up to the cluster's ceiling. After
 * a failure to connect no other attempt is made for a while that doubles with each.
 */
public final class EndpointPool<L extends Link> implements LinkWatch<L> {
  /** Full enough to open the next one. */
  static final int AHEAD_PERCENT = 80;

  @Limit(
      of = "calls that wait for a connection to one endpoint, per thread of the gateway",
      then = "the next call is answered with RESOURCE_EXHAUSTED or goes elsewhere")
  static final int MAX_WAITING = 1_000;

  @Limit(
      of = "time without an attempt after the first failure to connect to an endpoint",
      then = "it is tried again; the time doubles with each failure")
  static final Duration FIRST_PAUSE = Duration.ofMillis(100);

  @Limit(
      of = "time without an attempt after many failures to connect to an endpoint",
      then = "it is tried again")
  static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

  private static final int PERCENT = 100;
  private static final int MOST_DOUBLINGS = 10;

  private final ClusterOptions options;
  private final Dialer<L> dialer;
  private final List<L> links = new ArrayList<>(2);
  private final ArrayDeque<Waiter<L>> waiting = new ArrayDeque<>(0);
  private Endpoint endpoint;
  private String address;
  private @Nullable L opening;
  private int openCalls;
  private int failures;
  private long pausedUntilNanos;
  private String lastFailure = "";
  private boolean retired;

  EndpointPool(Endpoint endpoint, ClusterOptions options, Dialer<L> dialer) {
    this.endpoint = endpoint;
    this.address = endpoint.address().toString();
    this.options = options;
    this.dialer = dialer;
  }

  /** Where it leads, as people write it. */
  public String address() {
    return address;
  }

  /** A call on one of its links began. */
  public void onCallBegan() {
    openCalls++;
  }

  /** A call on one of its links ended. */
  public void onCallEnded() {
    openCalls--;
  }

  /** Calls on all of its links, those that wait included. */
  int openCalls() {
    return openCalls + waiting.size();
  }

  Endpoint endpoint() {
    return endpoint;
  }

  void update(Endpoint changed) {
    endpoint = changed;
    address = changed.address().toString();
  }

  /** A link for one more call now; null when there is none, and then one may be on its way. */
  @Nullable L take(long nowNanos) {
    L best = null;
    boolean all = true;
    for (int i = 0; i < links.size(); i++) {
      L link = links.get(i);
      if (!link.hasRoom()) {
        continue;
      }
      if (link.isStale(nowNanos)) {
        link.prove();
        continue;
      }
      all &= isNearlyFull(link);
      if (best == null || link.openCalls() < best.openCalls()) {
        best = link;
      }
    }
    if (all && best != null) {
      open(nowNanos);
    }
    return best;
  }

  /** Whether a call may wait here: there is a link or hope for one. */
  boolean isHopeful(long nowNanos) {
    return !links.isEmpty() || nowNanos - pausedUntilNanos >= 0;
  }

  String lastFailure() {
    return lastFailure;
  }

  /** Sees to it that a link is on its way, unless it must wait or may not have another. */
  private void open(long nowNanos) {
    if (opening == null
        && !retired
        && links.size() < options.maxConnections()
        && nowNanos - pausedUntilNanos >= 0) {
      L link = dialer.dial(endpoint, options, this);
      opening = link;
      links.add(link);
    }
  }

  /** The call is given the next link that can take it. */
  void await(Waiter<L> call, long nowNanos) {
    if (waiting.size() >= MAX_WAITING) {
      call.onNoLink(address, MAX_WAITING + " calls wait for a connection already", true);
      return;
    }
    waiting.add(call);
    approach(nowNanos);
  }

  /** Sees to it that there will be a link: one that proves itself, or another one. */
  void approach(long nowNanos) {
    if (!isProving(nowNanos)) {
      open(nowNanos);
    }
  }

  /** Gets no new calls; what is open finishes. */
  void retire() {
    retired = true;
    List.copyOf(links).forEach(Link::retire);
    refuseWaiting("the endpoint left");
  }

  @Override
  public void onRoom(L link) {
    if (link == opening && link.hasRoom()) {
      opening = null;
      failures = 0;
    }
    long nowNanos = System.nanoTime();
    while (!waiting.isEmpty()) {
      if (waiting.peek().isOver()) {
        waiting.remove();
        continue;
      }
      L free = take(nowNanos);
      if (free == null) {
        approach(nowNanos);
        return;
      }
      waiting.remove().onLink(this, free);
    }
  }

  @Override
  public void onDoubt(L link) {
    if (!waiting.isEmpty()) {
      open(System.nanoTime());
    }
  }

  @Override
  public void onGone(L link, String why) {
    links.remove(link);
    if (link == opening) {
      opening = null;
      failures = Math.min(MOST_DOUBLINGS, failures + 1);
      long pause = FIRST_PAUSE.toNanos() << (failures - 1);
      pausedUntilNanos = System.nanoTime() + Math.min(LONGEST_PAUSE.toNanos(), pause);
      lastFailure = why;
    }
    if (links.isEmpty()) {
      refuseWaiting(why);
    } else if (!waiting.isEmpty()) {
      open(System.nanoTime());
    }
  }

  private void refuseWaiting(String why) {
    for (Waiter<L> call = waiting.poll(); call != null; call = waiting.poll()) {
      call.onNoLink(address, why, true);
    }
  }

  /** Whether a link was asked for a proof of life: its answer comes sooner than a new link. */
  private boolean isProving(long nowNanos) {
    for (L link : links) {
      if (link.hasRoom() && link.isStale(nowNanos)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isNearlyFull(Link link) {
    return (long) link.openCalls() * PERCENT >= (long) link.mostCalls() * AHEAD_PERCENT;
  }
}
