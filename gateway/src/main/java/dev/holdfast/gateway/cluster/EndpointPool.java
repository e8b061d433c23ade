package dev.holdfast.gateway.cluster;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.Limit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one event loop to one endpoint, and the calls that wait for one.
 *
 * <p>A call gets the connection with the fewest calls. Another one is opened when all are full to
 * {@value #AHEAD_PERCENT} %, or none of them is fit for a call, up to the cluster's ceiling. After
 * a failure to connect no other attempt is made for a while that doubles with each. A connection of
 * more than its age gets no new calls once another is there. Those that only end their calls don't
 * count towards the ceiling, or an endpoint that replaces its connections would run out of them.
 */
public final class EndpointPool<L extends Link> implements LinkWatch<L> {
  /** Full enough to open the next one. */
  static final int AHEAD_PERCENT = 80;

  @Limit(
      of = "calls that wait for a connection, for each endpoint and thread of the gateway",
      then = "the next call is answered with UNAVAILABLE")
  static final int MAX_WAITING = 1_000;

  @Limit(
      of = "time without an attempt after the first failure to connect to an endpoint",
      then = "it is tried again; the time doubles with each failure")
  static final Duration FIRST_PAUSE = Duration.ofMillis(100);

  @Limit(
      of = "time without an attempt after many failures to connect to an endpoint",
      then = "it is tried again")
  static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

  @Limit(
      of = "connections to one endpoint that only end their calls, per thread of the gateway",
      then = "no further one is opened until one of them has closed")
  static final int MAX_LEAVING = 64;

  private static final int PERCENT = 100;
  private static final int JITTER_PARTS = 10;
  private static final int JITTER_STEPS = 1_000;
  private static final int MOST_DOUBLINGS = 10;

  private final Home<L> home;
  private final ClusterOptions options;
  private final List<L> links = new ArrayList<>(2);
  private final WaitingCalls<L> waiting = new WaitingCalls<>();
  private final List<L> aged = new ArrayList<>(0);
  private Endpoint endpoint;
  private final String address;
  private @Nullable L opening;
  private int openCalls;
  private int failures;
  private long pausedUntilNanos;
  private boolean dialed;
  private long dialedNanos;
  private String lastFailure = "";
  private boolean retired;
  private Standing standing;
  private @Nullable L lost;

  EndpointPool(Endpoint endpoint, Home<L> home) {
    this.home = home;
    this.options = home.cluster.options();
    this.endpoint = endpoint;
    this.address = endpoint.address().toString();
    this.standing = home.cluster.outliers().of(endpoint);
  }

  /** What the pools of one cluster on one loop have in common. */
  record Home<L extends Link>(
      Cluster cluster,
      Dialer<L> dialer,
      LoopContext context,
      PoolWatch<L> watch,
      RetryBudget retries) {}

  /** Where it leads, as people write it. */
  public String address() {
    return address;
  }

  /** Where it leads. */
  public HostPort where() {
    return endpoint.address();
  }

  /** What all calls of its cluster on this loop may try again. */
  public RetryBudget retries() {
    return home.retries;
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
      home.cluster.outliers().onSuccess(standing);
    }
  }

  /** A call met this at the endpoint. */
  public void onFault(EndpointFault fault, String cause) {
    if (!retired) {
      home.cluster
          .outliers()
          .onFault(standing, fault, cause, home.context.nanoTime())
          .ifPresent(ejection -> home.context.onEjected(home.cluster.name(), ejection));
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
    standing = home.cluster.outliers().of(changed);
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

  /** Whether a call may wait here: there is a link, one on its way, or one may be opened. */
  boolean isHopeful(long nowNanos) {
    return opening != null || isEstablished() || mayOpen(nowNanos);
  }

  /**
   * Whether a call that wants this very endpoint should wait for it: it is being connected, or will
   * have room. Not when the last attempt to connect failed, until one succeeds.
   */
  boolean isWorthWaiting(long nowNanos) {
    return isEstablished() || (failures == 0 && isHopeful(nowNanos));
  }

  /** Whether there is a link that stays, or one on its way. */
  boolean isConnected() {
    return opening != null || isEstablished();
  }

  String lastFailure() {
    return lastFailure;
  }

  /** Sees to it that a link is on its way, unless it must wait or may not have another. */
  private void open(long nowNanos) {
    if (mayOpen(nowNanos)) {
      dialed = true;
      dialedNanos = nowNanos;
      L link = home.dialer.dial(endpoint, options, this);
      opening = link;
      links.add(link);
    }
  }

  private boolean mayOpen(long nowNanos) {
    int staying = staying();
    return opening == null
        && !retired
        && staying < options.maxConnections()
        && links.size() - staying < MAX_LEAVING
        && nowNanos - pausedUntilNanos >= 0;
  }

  /** The call is given the next link that can take it; false when too many wait. */
  boolean await(Waiter<L> call) {
    return waiting.add(call, MAX_WAITING);
  }

  /** Sees to it that there will be a link: one that proves itself, or another one. */
  void approach(long nowNanos) {
    if (!isProving(nowNanos)) {
      open(nowNanos);
    }
  }

  /** Has it connected although no call asks for it; false when it is too soon to try again. */
  boolean connectAhead(long nowNanos) {
    if (!dialed || nowNanos - dialedNanos >= ConnectAhead.PAUSE.toNanos()) {
      open(nowNanos);
    }
    return opening != null;
  }

  /** What can be seen of it now. */
  EndpointView view(long nowNanos) {
    int ready = 0;
    for (L link : links) {
      ready += link.hasRoom() && !link.isStale(nowNanos) ? 1 : 0;
    }
    String trouble = links.isEmpty() && failures > 0 ? lastFailure : "";
    EndpointView.Ejected ejected = standing.ejected(nowNanos);
    int calls = waiting.size() + (ready == 0 ? home.watch.waiting() : 0);
    return new EndpointView(address, links.size(), ready, openCalls, calls, ejected, trouble);
  }

  /** Takes out all that wait for it alone. */
  List<Waiter<L>> drain() {
    return waiting.drain();
  }

  /** Gets no new calls; what is open finishes. */
  void retire() {
    retired = true;
    List.copyOf(links).forEach(Link::retire);
    waiting.refuse(address, "the endpoint left", true);
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
    for (Waiter<L> call = waiting.peek(); call != null; call = waiting.peek()) {
      L free = take(nowNanos);
      if (free == null) {
        approach(nowNanos);
        return;
      }
      waiting.remove();
      call.onLink(this, free);
    }
    home.watch.onRoom(this);
  }

  @Override
  public void onDoubt(L link) {
    if (!waiting.isEmpty() || home.watch.waiting() > 0) {
      open(home.context.nanoTime());
    }
    home.watch.onLess(this, "the connection can't be used");
  }

  /** Where there may be no other it stays, and is told of again. */
  @Override
  public void onWorn(L link) {
    if (links.contains(link) && staying() < options.maxConnections()) {
      aged.add(link);
      open(home.context.nanoTime());
    }
  }

  @Override
  public void onSpent(L link) {
    if (links.contains(link) && links.size() - staying() < MAX_LEAVING) {
      aged.remove(link);
      link.retire();
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
    if (!isConnected()) {
      waiting.refuse(address, why, true);
    } else if (!waiting.isEmpty()) {
      open(home.context.nanoTime());
    }
    home.watch.onLess(this, why);
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
    if (staying() >= options.maxConnections()) {
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

  private int staying() {
    int staying = 0;
    for (L link : links) {
      staying += link.isLeaving() ? 0 : 1;
    }
    return staying;
  }

  /**
   * Whether there is a link that was ready once and stays; it may be full, or have to prove itself.
   */
  private boolean isEstablished() {
    for (L link : links) {
      if (link != opening && !link.isLeaving()) {
        return true;
      }
    }
    return false;
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
