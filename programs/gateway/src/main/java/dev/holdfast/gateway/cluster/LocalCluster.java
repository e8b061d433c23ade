package dev.holdfast.gateway.cluster;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.EndpointShares;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.Limit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A cluster on one event loop: a connection pool per endpoint, and the load balancer. Confined to
 * that loop.
 *
 * <p>A call waits only while no endpoint has a ready connection, and takes the first one. With ring
 * hash the call waits for its own endpoint, unless the last attempt to connect to it failed. {@link
 * ConnectAhead} preconnects endpoints.
 *
 * <p>Draining and unready endpoints get calls only when there are no others. The same holds for
 * ejected and unhealthy endpoints.
 */
public final class LocalCluster<L extends Link> {
  @Limit(
      of = "calls that wait for the first list of a cluster, per thread of the gateway",
      then = "the next call is answered with UNAVAILABLE")
  static final int MAX_WAITING_FOR_LIST = 1_000;

  private static final String NONE = "none";
  private static final String TOO_MANY = "too many calls wait for a connection already";

  private static final long LEAST_STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final Cluster cluster;
  private final Outliers outliers;
  private final LoopContext context;
  private final EndpointPool.Home<L> home;
  private final Map<HostPort, EndpointPool<L>> pools = new HashMap<>();
  private final ConnectAhead<L> ahead;
  private final WaitingCalls<L> forList = new WaitingCalls<>();
  private final Crowd<L> crowd;
  private final ArrayDeque<Runnable> onceKnown = new ArrayDeque<>(0);
  // All that may get calls: those with a share, then those without, the left out last.
  private List<EndpointPool<L>> inUse = List.of();
  private double[] shares = {};
  private int sharing;
  private @Nullable Choice choice;
  private @Nullable ReadyChoice<L> spare;
  private long stepAtNanos;
  private boolean stepping;
  private boolean known;
  private boolean retired;

  public LocalCluster(Cluster cluster, Dialer<L> dialer, LoopContext context) {
    this.cluster = cluster;
    this.outliers = cluster.outliers();
    this.context = context;
    this.ahead = new ConnectAhead<>(context);
    this.crowd = new Crowd<>(this, context, ahead);
    this.home =
        new EndpointPool.Home<>(
            cluster, dialer, context, crowd, new RetryBudget(cluster.options().retries()));
  }

  /** Finds a connection for a call: now, later, or reports the failure to the call. */
  public void find(Waiter<L> call, long nowNanos) {
    ahead.onCall(nowNanos);
    Choice chooser = choice;
    if (chooser == null) {
      findNothing(call);
      return;
    }
    int chosen = chooser.next(cluster.options().balance() == Balance.RING_HASH ? call.hash() : 0);
    EndpointPool<L> pool = inUse.get(chosen);
    L link = pool.take(nowNanos);
    if (link != null) {
      call.onLink(pool, link);
    } else {
      findElse(call, chooser, chosen, nowNanos);
    }
  }

  /**
   * Runs a task once there is a list of endpoints; at once if there is.
   *
   * @return false when too many calls and tasks wait for the list
   */
  public boolean onceKnown(Runnable task) {
    if (known) {
      task.run();
      return true;
    }
    return forList.size() + onceKnown.size() < MAX_WAITING_FOR_LIST && onceKnown.add(task);
  }

  /**
   * Picks the endpoint for a connection that one client uses alone; endpoints in good health first.
   * The caller connects and reports the outcome to the pool.
   *
   * @param hash of the value for which connections should reach the same endpoint; ring hash only
   * @param tried endpoints that are excluded
   * @return null when no endpoint is left
   */
  public @Nullable EndpointPool<L> choose(int hash, Collection<?> tried) {
    Choice chooser = choice;
    if (chooser == null) {
      return null;
    }
    int chosen = chooser.next(cluster.options().balance() == Balance.RING_HASH ? hash : 0);
    EndpointPool<L> last = null;
    for (int i = 0; i < inUse.size(); i++) {
      EndpointPool<L> pool = after(chosen, i);
      if (!tried.contains(pool)) {
        if (!pool.standing().isLeftOut()) {
          return pool;
        }
        last = last == null ? pool : last;
      }
    }
    return last;
  }

  /** A view of each endpoint, for the admin page. */
  public List<EndpointView> view(long nowNanos) {
    return pools.values().stream().map(pool -> pool.view(nowNanos)).toList();
  }

  /** Applies a new list of endpoints. */
  public void update(EndpointSet endpoints) {
    if (retired) {
      return;
    }
    known = true;
    List<Endpoint> wanted = endpoints.eligible();
    if (wanted.isEmpty()) {
      wanted = endpoints.endpoints();
    }
    List<EndpointPool<L>> next = new ArrayList<>(wanted.size());
    for (Endpoint endpoint : wanted) {
      EndpointPool<L> pool =
          pools.computeIfAbsent(endpoint.address(), a -> new EndpointPool<>(endpoint, home));
      pool.update(endpoint);
      next.add(pool);
    }
    List<EndpointPool<L>> leaving = new ArrayList<>(pools.values());
    leaving.removeAll(next);
    inUse = next;
    share();
    pools.values().removeAll(leaving);
    leaving.forEach(EndpointPool::retire);
    long nowNanos = context.nanoTime();
    forList.drain().forEach(call -> find(call, nowNanos));
    crowd.drain().forEach(call -> find(call, nowNanos));
    runKnown();
  }

  /** Rebalances after an endpoint was ejected or let back, on any event loop. */
  public void onStanding() {
    if (!retired && known) {
      share();
    }
  }

  /**
   * Retires the cluster, which the configuration no longer has: open calls finish.
   *
   * @param successor takes the waiting calls; called only if there are any. It may be this cluster,
   *     which then refuses them
   */
  public void retire(Supplier<LocalCluster<L>> successor) {
    retired = true;
    known = true;
    inUse = List.of();
    choice = null;
    // Before the pools hear of it, which would refuse what waits.
    List<Waiter<L>> waiting = new ArrayList<>(forList.drain());
    waiting.addAll(crowd.drain());
    pools.values().forEach(pool -> waiting.addAll(pool.drain()));
    List.copyOf(pools.values()).forEach(EndpointPool::retire);
    pools.clear();
    long nowNanos = context.nanoTime();
    ahead.onPools(List.of(), nowNanos);
    waiting.forEach(call -> successor.get().find(call, nowNanos));
    runKnown();
  }

  private void runKnown() {
    List<Runnable> tasks = List.copyOf(onceKnown);
    onceKnown.clear();
    tasks.forEach(Runnable::run);
  }

  private void findNothing(Waiter<L> call) {
    if (known) {
      String why = retired ? "was removed" : "has no endpoint";
      call.onNoLink(NONE, "cluster " + cluster.name() + " " + why, false);
    } else if (!forList.add(call, MAX_WAITING_FOR_LIST)) {
      call.onNoLink(NONE, forList.size() + " calls wait for the list of endpoints already", false);
    }
  }

  /** Computes the endpoints' shares and creates the load balancer anew. */
  private void share() {
    long nowNanos = context.nanoTime();
    for (Standing back : outliers.onTimeout(nowNanos)) {
      context.onReturned(cluster.name(), back.address);
    }
    double[] all = sharesOf(inUse, nowNanos);
    List<EndpointPool<L>> ordered = new ArrayList<>(inUse.size());
    double[] kept = new double[all.length];
    int with = 0;
    for (int i = 0; i < all.length; i++) {
      if (all[i] > 0) {
        kept[with++] = all[i];
        ordered.add(inUse.get(i));
      }
    }
    addWithout(ordered, all, false);
    addWithout(ordered, all, true);
    inUse = ordered;
    shares = Arrays.copyOf(kept, with);
    sharing = with;
    Balance balance = cluster.options().balance();
    Sharing candidates = new Sharing();
    choice = with == 0 ? null : Choice.of(balance, candidates, context::random);
    spare =
        choice == null ? null : new ReadyChoice<>(ordered, candidates, balance, context::random);
    ahead.onPools(ordered.subList(0, with), nowNanos);
    awaitNextStep(nowNanos);
  }

  private void addWithout(List<EndpointPool<L>> ordered, double[] all, boolean leftOut) {
    for (int i = 0; i < all.length; i++) {
      if (all[i] == 0 && inUse.get(i).standing().isLeftOut() == leftOut) {
        ordered.add(inUse.get(i));
      }
    }
  }

  private double[] sharesOf(List<EndpointPool<L>> of, long nowNanos) {
    Spread spread = cluster.options().spread();
    boolean ring = spread.balance() == Balance.RING_HASH;
    boolean noneLeft = of.stream().allMatch(pool -> pool.standing().isLeftOut());
    List<EndpointShares.Candidate> candidates = new ArrayList<>(of.size());
    for (EndpointPool<L> pool : of) {
      Endpoint endpoint = pool.endpoint();
      candidates.add(
          new EndpointShares.Candidate(
              spread.balance() == Balance.ROUND_ROBIN ? 1 : endpoint.weight(),
              endpoint.zone().equals(spread.zone()),
              noneLeft || !pool.standing().isLeftOut(),
              true,
              ring ? 1 : ramp(pool, nowNanos)));
    }
    return EndpointShares.of(candidates, !ring && !spread.zone().isEmpty());
  }

  private double ramp(EndpointPool<L> pool, long nowNanos) {
    long slowStartNanos = cluster.options().spread().slowStart().toNanos();
    long ageNanos = pool.standing().ageNanos(nowNanos);
    return ageNanos >= slowStartNanos ? 1 : EndpointShares.ramp(ageNanos, slowStartNanos);
  }

  /** Schedules the next rebalancing: at the next step of slow start, or when an ejection ends. */
  private void awaitNextStep(long nowNanos) {
    long slowStartNanos = cluster.options().spread().slowStart().toNanos();
    long wait = outliers.nanosToDeadline(nowNanos);
    for (EndpointPool<L> pool : inUse) {
      if (ramp(pool, nowNanos) < 1) {
        wait = Math.min(wait, slowStartNanos / EndpointShares.RAMP_STEPS);
      }
    }
    if (wait == Long.MAX_VALUE) {
      return;
    }
    wait = Math.max(LEAST_STEP_NANOS, wait);
    if (!stepping || nowNanos + wait - stepAtNanos < 0) {
      stepping = true;
      stepAtNanos = nowNanos + wait;
      long mine = stepAtNanos;
      context.after(wait, () -> onStep(mine));
    }
  }

  private void onStep(long atNanos) {
    if (stepping && atNanos == stepAtNanos) {
      stepping = false;
      onStanding();
    }
  }

  /** Handles a call whose picked endpoint has no connection for it now. */
  private void findElse(Waiter<L> call, Choice chooser, int chosen, long nowNanos) {
    EndpointPool<L> first = inUse.get(chosen);
    boolean own = chooser instanceof Choice.Ring && first.isWorthWaiting(nowNanos);
    first.approach(nowNanos);
    ahead.onMiss(nowNanos);
    if (own) {
      if (!first.await(call)) {
        call.onNoLink(first.address(), TOO_MANY, false);
      }
      return;
    }
    if (giveShared(call, chooser, nowNanos) || giveReady(call, chosen, false, nowNanos)) {
      return;
    }
    if (hopeful(false, nowNanos) == null && giveReady(call, chosen, true, nowNanos)) {
      return;
    }
    EndpointPool<L> hopeful = hopeful(nowNanos);
    if (hopeful == null) {
      call.onNoLink(first.address(), first.lastFailure(), false);
    } else if (crowd.add(call, inUse.size())) {
      hopeful.approach(nowNanos);
    } else {
      call.onNoLink(first.address(), TOO_MANY, false);
    }
  }

  /** Gives the call a ready connection of another endpoint with a share. */
  private boolean giveShared(Waiter<L> call, Choice chooser, long nowNanos) {
    if (chooser instanceof Choice.Ring ring) {
      return ring.next(call.hash(), i -> give(call, inUse.get(i), nowNanos)) >= 0;
    }
    ReadyChoice<L> among = spare;
    return among != null && among.give(call, nowNanos);
  }

  /** Gives the call a ready connection of any other endpoint. */
  private boolean giveReady(Waiter<L> call, int chosen, boolean leftOut, long nowNanos) {
    for (int i = 1; i < inUse.size(); i++) {
      EndpointPool<L> other = after(chosen, i);
      if (other.standing().isLeftOut() == leftOut && give(call, other, nowNanos)) {
        return true;
      }
    }
    return false;
  }

  private boolean give(Waiter<L> call, EndpointPool<L> pool, long nowNanos) {
    L link = pool.take(nowNanos);
    if (link != null) {
      call.onLink(pool, link);
    }
    return link != null;
  }

  /**
   * An endpoint that calls may wait for; one that is ejected or unhealthy only if there is no
   * other.
   */
  @Nullable EndpointPool<L> hopeful(long nowNanos) {
    EndpointPool<L> good = hopeful(false, nowNanos);
    return good == null ? hopeful(true, nowNanos) : good;
  }

  /**
   * An endpoint that calls may wait for, among those left out or among the others; connected ones
   * first.
   */
  @Nullable EndpointPool<L> hopeful(boolean leftOut, long nowNanos) {
    EndpointPool<L> hopeful = null;
    for (EndpointPool<L> pool : inUse) {
      if (pool.standing().isLeftOut() == leftOut && pool.isHopeful(nowNanos)) {
        if (pool.isConnected()) {
          return pool;
        }
        hopeful = hopeful == null ? pool : hopeful;
      }
    }
    return hopeful;
  }

  /**
   * The endpoint that many steps after the picked one: first those with a share, then the others.
   */
  private EndpointPool<L> after(int chosen, int steps) {
    return inUse.get(steps < sharing ? (chosen + steps) % sharing : steps);
  }

  /** The endpoints with a share, as the load balancer's candidates. */
  private final class Sharing implements Candidates {
    @Override
    public int size() {
      return sharing;
    }

    @Override
    public int openCalls(int index) {
      return inUse.get(index).openCalls();
    }

    @Override
    public double share(int index) {
      return shares[index];
    }

    @Override
    public String key(int index) {
      return inUse.get(index).address();
    }
  }
}
