package dev.holdfast.gateway.cluster;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
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
 * a failure to connect no other attempt is made for a while that doubles with each. A connection of
 * more than its age gets no new calls once another is there.
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
  private static final int JITTER_PARTS = 10;
  private static final int JITTER_STEPS = 1_000;
  private static final int MOST_DOUBLINGS = 10;

  private final Home<L> home;
  private final ClusterOptions options;
  private final List<L> links = new ArrayList<>(2);
  private final ArrayDeque<Waiter<L>> waiting = new ArrayDeque<>(0);
  private final List<L> aged = new ArrayList<>(0);
  private Endpoint endpoint;
  private final String address;
  private @Nullable L opening;
  private int openCalls;
  private int failures;
  private long pausedUntilNanos;
  private String lastFailure = "";
  private boolean retired;
  private Standing standing;
  private @Nullable L lost;

  EndpointPool(Endpoint endpoint, Home<L> home) {
    this.home = home;
    this.options = home.options;
    this.endpoint = endpoint;
    this.address = endpoint.address().toString();
    this.standing = home.outliers.of(endpoint);
  }

  /** What the pools of one cluster on one loop have in common. */
  record Home<L extends Link>(
      String cluster,
      ClusterOptions options,
      Dialer<L> dialer,
      Outliers outliers,
      LoopContext context) {}

  /** Where it leads, as people write it. */
  public String address() {
    return address;
  }

  /** Where it leads. */
  public HostPort where() {
    return endpoint.address();
  }

  /** A call on one of its links began, or a connection for one client alone. */
  public void onCallBegan() {
    openCalls++;
  }

  /** A call on one of its links ended. */
  public void onCallEnded() {
    openCalls--;
  }

  /** The endpoint answered a call, whatever it said. */
  public void onAnswered() {
    if (standing.isTroubled()) {
      home.outliers.onSuccess(standing);
    }
  }

  /** A call met this at the endpoint. */
  public void onFault(EndpointFault fault, String cause) {
    if (!retired) {
      home.outliers
          .onFault(standing, fault, cause, home.context.nanoTime())
          .ifPresent(ejection -> home.context.onEjected(home.cluster, ejection));
    }
  }

  /** A call was lost with its link, as others may have been. */
  public void onLost(L link, String cause) {
    if (lost != link) {
      lost = link;
      onFault(EndpointFault.LOST, cause);
    }
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
    standing = home.outliers.of(changed);
  }

  Standing standing() {
    return standing;
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
      L link = home.dialer.dial(endpoint, options, this);
      opening = link;
      links.add(link);
    }
  }

  /** The call is given the next link that can take it. */
  void await(Waiter<L> call, long nowNanos) {
    if (waiting.size() >= MAX_WAITING) {
      waiting.removeIf(Waiter::isOver);
    }
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

  /** What can be seen of it now. */
  EndpointView view(long nowNanos) {
    int ready = 0;
    for (L link : links) {
      ready += link.hasRoom() && !link.isStale(nowNanos) ? 1 : 0;
    }
    String trouble = links.isEmpty() && failures > 0 ? lastFailure : "";
    boolean ejected = standing.isEjected();
    return new EndpointView(
        address, links.size(), ready, openCalls, waiting.size(), ejected, trouble);
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
      retireAged();
      awaitAge(link);
    }
    long nowNanos = home.context.nanoTime();
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
      open(home.context.nanoTime());
    }
  }

  /** Where there may be no other it stays, and is told of again. */
  @Override
  public void onWorn(L link) {
    if (links.contains(link) && links.size() < options.maxConnections()) {
      aged.add(link);
      open(home.context.nanoTime());
    }
  }

  @Override
  public void onGone(L link, String why) {
    links.remove(link);
    aged.remove(link);
    if (link == opening) {
      opening = null;
      failures = Math.min(MOST_DOUBLINGS, failures + 1);
      long pause = FIRST_PAUSE.toNanos() << (failures - 1);
      pausedUntilNanos = home.context.nanoTime() + Math.min(LONGEST_PAUSE.toNanos(), pause);
      lastFailure = why;
      onFault(EndpointFault.CONNECT, why);
    }
    if (links.isEmpty()) {
      refuseWaiting(why);
    } else if (!waiting.isEmpty()) {
      open(home.context.nanoTime());
    }
  }

  private void awaitAge(L link) {
    long ageNanos = options.connectionAge().toNanos();
    if (ageNanos > 0) {
      long spread = home.context.random(2 * JITTER_STEPS + 1) - (long) JITTER_STEPS;
      long jittered = ageNanos + ageNanos / JITTER_PARTS * spread / JITTER_STEPS;
      home.context.after(
          jittered,
          () -> {
            aged.add(link);
            replaceAged();
          });
    }
  }

  /** Another takes the place of those that are old, first, if there may be one more. */
  private void replaceAged() {
    aged.retainAll(links);
    if (retired || aged.isEmpty()) {
      return;
    }
    if (links.size() >= options.maxConnections()) {
      retireAged();
    } else {
      open(home.context.nanoTime());
      home.context.after(LONGEST_PAUSE.toNanos(), this::replaceAged);
    }
  }

  private void retireAged() {
    aged.forEach(Link::retire);
    aged.clear();
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
