package dev.holdfast.gateway.cluster;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.balancing.EndpointShares;
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
 * that loop, as its methods for other classes assert.
 *
 * <p>A call waits only while no endpoint has a ready connection, and takes the first one. With ring
 * hash the call waits for its own endpoint, unless the last attempt to connect to it failed. {@link
 * Preconnect} preconnects endpoints.
 *
 * <p>Draining and unready endpoints get calls only when there are no others. The same holds for
 * ejected and unhealthy endpoints.
 */
public final class ThreadLocalCluster<L extends PooledConnection> {
  @Limit(
      of = "calls that wait for the first list of a cluster, per thread of the gateway",
      then = "the next call is answered with UNAVAILABLE")
  static final int MAX_WAITING_FOR_LIST = 1_000;

  private static final String NONE = "none";
  private static final String TOO_MANY = "too many pending calls";

  private static final long LEAST_STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final Cluster cluster;
  private final OutlierDetector outlierDetector;
  private final LoopContext context;
  private final ConnectionPool.PoolContext<L> poolContext;
  private final Map<HostPort, ConnectionPool<L>> pools = new HashMap<>();
  private final Preconnect<L> ahead;
  private final PendingCallQueue<L> forList = new PendingCallQueue<>();
  private final PendingCalls<L> pendingCalls;
  private final ArrayDeque<Runnable> onceKnown = new ArrayDeque<>(0);
  // All that may get calls: those with a share, then those without, the left out last.
  private List<ConnectionPool<L>> inUse = List.of();
  private double[] shares = {};
  private int sharing;
  private @Nullable EndpointPicker endpointPicker;
  private @Nullable ReadyEndpointPicker<L> spare;
  private long stepAtNanos;
  private boolean stepping;
  private boolean known;
  private boolean retired;

  public ThreadLocalCluster(Cluster cluster, Dialer<L> dialer, LoopContext context) {
    this.cluster = cluster;
    this.outlierDetector = cluster.outlierDetector();
    this.context = context;
    this.ahead = new Preconnect<>(context);
    this.pendingCalls = new PendingCalls<>(this, context, ahead);
    this.poolContext =
        new ConnectionPool.PoolContext<>(
            cluster, dialer, context, pendingCalls, new RetryBudget(cluster.options().retries()));
  }

  /** As {@link #find(PendingCall, long)}, at the endpoint that the call prefers if possible. */
  public void find(PendingCall<L> call, EndpointPreference preference, long nowNanos) {
    HostPort wanted = preference.wanted();
    HostPort avoided = preference.avoided();
    if (endpointPicker != null
        && ((wanted != null && giveAt(call, pools.get(wanted), nowNanos))
            || (avoided != null && giveElsewhere(call, avoided, nowNanos)))) {
      return;
    }
    find(call, nowNanos);
  }

  /** Whether an endpoint is on the list. */
  public boolean has(HostPort endpoint) {
    return pools.containsKey(endpoint);
  }

  /** Finds a connection for a call: now, later, or reports the failure to the call. */
  public void find(PendingCall<L> call, long nowNanos) {
    context.assertInLoop();
    ahead.onCall(nowNanos);
    EndpointPicker chooser = endpointPicker;
    if (chooser == null) {
      findNothing(call);
      return;
    }
    int chosen =
        chooser.pick(
            cluster.options().clusterLbPolicy() == ClusterLbPolicy.RING_HASH ? call.hash() : 0);
    ConnectionPool<L> pool = inUse.get(chosen);
    L connection = pool.take(nowNanos);
    if (connection != null) {
      call.onConnection(pool, connection);
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
    context.assertInLoop();
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
  public @Nullable ConnectionPool<L> choose(int hash, Collection<?> tried) {
    context.assertInLoop();
    EndpointPicker chooser = endpointPicker;
    if (chooser == null) {
      return null;
    }
    int chosen =
        chooser.pick(cluster.options().clusterLbPolicy() == ClusterLbPolicy.RING_HASH ? hash : 0);
    ConnectionPool<L> last = null;
    for (int i = 0; i < inUse.size(); i++) {
      ConnectionPool<L> pool = after(chosen, i);
      if (!tried.contains(pool)) {
        if (!pool.endpointHealth().isLeftOut()) {
          return pool;
        }
        last = last == null ? pool : last;
      }
    }
    return last;
  }

  /** A view of each endpoint, for the admin page. */
  public List<EndpointView> view(long nowNanos) {
    context.assertInLoop();
    return pools.values().stream().map(pool -> pool.view(nowNanos)).toList();
  }

  /** Applies a new list of endpoints. */
  public void update(EndpointSet endpoints) {
    context.assertInLoop();
    if (retired) {
      return;
    }
    known = true;
    List<Endpoint> wanted = endpoints.eligible();
    if (wanted.isEmpty()) {
      wanted = endpoints.endpoints();
    }
    List<ConnectionPool<L>> next = new ArrayList<>(wanted.size());
    for (Endpoint endpoint : wanted) {
      ConnectionPool<L> pool =
          pools.computeIfAbsent(
              endpoint.address(), a -> new ConnectionPool<>(endpoint, poolContext));
      pool.update(endpoint);
      next.add(pool);
    }
    List<ConnectionPool<L>> leaving = new ArrayList<>(pools.values());
    leaving.removeAll(next);
    inUse = next;
    share();
    pools.values().removeAll(leaving);
    leaving.forEach(ConnectionPool::retire);
    long nowNanos = context.nanoTime();
    forList.drain().forEach(call -> find(call, nowNanos));
    pendingCalls.drain().forEach(call -> find(call, nowNanos));
    runKnown();
  }

  /** Rebalances after an endpoint was ejected or let back, on any event loop. */
  public void onEndpointHealth() {
    context.assertInLoop();
    if (!retired && known) {
      share();
    }
  }

  /** Whether calls wait for a connection to an endpoint that is known. */
  public boolean isAwaited() {
    context.assertInLoop();
    return pendingCalls.pendingCalls() > 0
        || pools.values().stream().anyMatch(pool -> pool.waitingCalls() > 0);
  }

  /**
   * Retires the cluster, which the configuration no longer has: open calls finish.
   *
   * @param successor takes the waiting calls; called only if there are any. It may be this cluster,
   *     which then refuses them
   */
  public void retire(Supplier<ThreadLocalCluster<L>> successor) {
    context.assertInLoop();
    retired = true;
    known = true;
    inUse = List.of();
    endpointPicker = null;
    // Before the pools hear of it, which would refuse what waits.
    List<PendingCall<L>> waiting = new ArrayList<>(forList.drain());
    waiting.addAll(pendingCalls.drain());
    pools.values().forEach(pool -> waiting.addAll(pool.drain()));
    List.copyOf(pools.values()).forEach(ConnectionPool::retire);
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

  private void findNothing(PendingCall<L> call) {
    if (known) {
      String why = retired ? "was removed" : "has no endpoint";
      call.onNoConnection(NONE, "cluster " + cluster.name() + " " + why, false);
    } else if (!forList.add(call, MAX_WAITING_FOR_LIST)) {
      call.onNoConnection(NONE, forList.size() + " calls wait for the endpoint list", false);
    }
  }

  /** Computes the endpoints' shares and creates the load balancer anew. */
  private void share() {
    long nowNanos = context.nanoTime();
    for (EndpointHealth back : outlierDetector.onTimeout(nowNanos)) {
      context.onUnejected(cluster.name(), back.address);
    }
    double[] all = sharesOf(inUse, nowNanos);
    List<ConnectionPool<L>> ordered = new ArrayList<>(inUse.size());
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
    ClusterLbPolicy clusterLbPolicy = cluster.options().clusterLbPolicy();
    Sharing candidates = new Sharing();
    endpointPicker =
        with == 0 ? null : EndpointPicker.of(clusterLbPolicy, candidates, context::random);
    spare =
        endpointPicker == null
            ? null
            : new ReadyEndpointPicker<>(ordered, candidates, clusterLbPolicy, context::random);
    ahead.onPools(ordered.subList(0, with), nowNanos);
    awaitNextStep(nowNanos);
  }

  private void addWithout(List<ConnectionPool<L>> ordered, double[] all, boolean leftOut) {
    for (int i = 0; i < all.length; i++) {
      if (all[i] == 0 && inUse.get(i).endpointHealth().isLeftOut() == leftOut) {
        ordered.add(inUse.get(i));
      }
    }
  }

  private double[] sharesOf(List<ConnectionPool<L>> of, long nowNanos) {
    LoadBalancingOptions loadBalancingOptions = cluster.options().loadBalancing();
    boolean ring = loadBalancingOptions.balance() == ClusterLbPolicy.RING_HASH;
    boolean noneLeft = of.stream().allMatch(pool -> pool.endpointHealth().isLeftOut());
    List<EndpointShares.Candidate> candidates = new ArrayList<>(of.size());
    for (ConnectionPool<L> pool : of) {
      Endpoint endpoint = pool.endpoint();
      candidates.add(
          new EndpointShares.Candidate(
              loadBalancingOptions.balance() == ClusterLbPolicy.ROUND_ROBIN ? 1 : endpoint.weight(),
              endpoint.zone().equals(loadBalancingOptions.zone()),
              noneLeft || !pool.endpointHealth().isLeftOut(),
              true,
              ring ? 1 : ramp(pool, nowNanos)));
    }
    return EndpointShares.of(candidates, !ring && !loadBalancingOptions.zone().isEmpty());
  }

  private double ramp(ConnectionPool<L> pool, long nowNanos) {
    long slowStartNanos = cluster.options().loadBalancing().slowStart().toNanos();
    long ageNanos = pool.endpointHealth().ageNanos(nowNanos);
    return ageNanos >= slowStartNanos
        ? 1
        : EndpointShares.slowStartFactor(ageNanos, slowStartNanos);
  }

  /** Schedules the next rebalancing: at the next step of slow start, or when an ejection ends. */
  private void awaitNextStep(long nowNanos) {
    long slowStartNanos = cluster.options().loadBalancing().slowStart().toNanos();
    long wait = outlierDetector.nanosToDeadline(nowNanos);
    for (ConnectionPool<L> pool : inUse) {
      if (ramp(pool, nowNanos) < 1) {
        wait = Math.min(wait, slowStartNanos / EndpointShares.SLOW_START_STEPS);
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
      onEndpointHealth();
    }
  }

  /** Handles a call whose picked endpoint has no connection for it now. */
  private void findElse(PendingCall<L> call, EndpointPicker chooser, int chosen, long nowNanos) {
    ConnectionPool<L> first = inUse.get(chosen);
    boolean own =
        chooser instanceof EndpointPicker.RingHashPicker && first.isWorthWaiting(nowNanos);
    first.ensureConnecting(nowNanos);
    ahead.onMiss(nowNanos);
    if (own) {
      if (!first.await(call)) {
        call.onNoConnection(first.address(), TOO_MANY, false);
      }
      return;
    }
    if (giveShared(call, chooser, nowNanos) || giveReady(call, chosen, false, nowNanos)) {
      return;
    }
    if (connectablePool(false, nowNanos) == null && giveReady(call, chosen, true, nowNanos)) {
      return;
    }
    ConnectionPool<L> hopeful = connectablePool(nowNanos);
    if (hopeful == null) {
      call.onNoConnection(first.address(), first.lastFailure(), false);
    } else if (pendingCalls.add(call, inUse.size())) {
      hopeful.ensureConnecting(nowNanos);
    } else {
      call.onNoConnection(first.address(), TOO_MANY, false);
    }
  }

  /** Gives the call a connection of this endpoint, now or later; false if it can't have one. */
  private boolean giveAt(PendingCall<L> call, @Nullable ConnectionPool<L> pool, long nowNanos) {
    if (pool == null) {
      return false;
    }
    if (give(call, pool, nowNanos)) {
      return true;
    }
    if (!pool.isConnectable(nowNanos)) {
      return false;
    }
    pool.ensureConnecting(nowNanos);
    return pool.await(call);
  }

  /**
   * Gives the call a connection of any endpoint but this one, from a random one on: calls that
   * leave an endpoint together should not meet again at the next one.
   */
  private boolean giveElsewhere(PendingCall<L> call, HostPort avoided, long nowNanos) {
    int from = context.random(inUse.size());
    for (int i = 0; i < inUse.size(); i++) {
      ConnectionPool<L> pool = inUse.get((from + i) % inUse.size());
      boolean good = !pool.where().equals(avoided) && !pool.endpointHealth().isLeftOut();
      if (good && giveAt(call, pool, nowNanos)) {
        return true;
      }
    }
    return false;
  }

  /** Gives the call a ready connection of another endpoint with a share. */
  private boolean giveShared(PendingCall<L> call, EndpointPicker chooser, long nowNanos) {
    if (chooser instanceof EndpointPicker.RingHashPicker ringHashPicker) {
      return ringHashPicker.next(call.hash(), i -> give(call, inUse.get(i), nowNanos)) >= 0;
    }
    ReadyEndpointPicker<L> among = spare;
    return among != null && among.give(call, nowNanos);
  }

  /** Gives the call a ready connection of any other endpoint. */
  private boolean giveReady(PendingCall<L> call, int chosen, boolean leftOut, long nowNanos) {
    for (int i = 1; i < inUse.size(); i++) {
      ConnectionPool<L> other = after(chosen, i);
      if (other.endpointHealth().isLeftOut() == leftOut && give(call, other, nowNanos)) {
        return true;
      }
    }
    return false;
  }

  private boolean give(PendingCall<L> call, ConnectionPool<L> pool, long nowNanos) {
    L connection = pool.take(nowNanos);
    if (connection != null) {
      call.onConnection(pool, connection);
    }
    return connection != null;
  }

  /**
   * An endpoint that calls may wait for; one that is ejected or unhealthy only if there is no
   * other.
   */
  @Nullable ConnectionPool<L> connectablePool(long nowNanos) {
    ConnectionPool<L> good = connectablePool(false, nowNanos);
    return good == null ? connectablePool(true, nowNanos) : good;
  }

  /**
   * An endpoint that calls may wait for, among those left out or among the others; connected ones
   * first.
   */
  @Nullable ConnectionPool<L> connectablePool(boolean leftOut, long nowNanos) {
    ConnectionPool<L> hopeful = null;
    for (ConnectionPool<L> pool : inUse) {
      if (pool.endpointHealth().isLeftOut() == leftOut && pool.isConnectable(nowNanos)) {
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
  private ConnectionPool<L> after(int chosen, int steps) {
    return inUse.get(steps < sharing ? (chosen + steps) % sharing : steps);
  }

  /** The endpoints with a share, as the load balancer's candidates. */
  private final class Sharing implements LbEndpoints {
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
