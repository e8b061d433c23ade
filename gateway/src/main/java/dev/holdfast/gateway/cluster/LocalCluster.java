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
 * A cluster as one event loop has it: a pool per endpoint, and who gets the next call.
 *
 * <p>A call waits only when no endpoint has a connection ready, and then for whichever is ready
 * first. With a ring hash it waits for its own endpoint, as equal values should meet there, unless
 * the last attempt to connect that one failed. Endpoints are connected ahead of calls ({@link
 * ConnectAhead}). Draining and unready endpoints get calls only when there are no others; so do
 * those that were left out for their faults or their health. Used on its event loop.
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

  /** Gives the call a connection, now or as soon as there is one, or says why not. */
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
   * Runs a task once there is a list of endpoints, at once if there is.
   *
   * @return false when too many wait for it already
   */
  public boolean onceKnown(Runnable task) {
    if (known) {
      task.run();
      return true;
    }
    return forList.size() + onceKnown.size() < MAX_WAITING_FOR_LIST && onceKnown.add(task);
  }

  /**
   * The endpoint for a connection that no other shares, as it would be chosen for a call: good ones
   * first. Whoever asks makes the connection, and says how that ended.
   *
   * @param hash of what the caller wants to be kept together
   * @param tried those that it can't be any more
   * @return null when there is none
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

  /** Its endpoints as they are now. */
  public List<EndpointView> view(long nowNanos) {
    return pools.values().stream().map(pool -> pool.view(nowNanos)).toList();
  }

  /** The list changed. */
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

  /** An endpoint was left out or let back, here or by another thread. */
  public void onStanding() {
    if (!retired && known) {
      share();
    }
  }

  /**
   * The gateway has no use for it any more: what is open finishes.
   *
   * @param successor who gets the calls that wait; this one itself refuses them
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

  /** Who gets how much from now on. */
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

  /** Shares are made anew at the next step of who warms up, or when somebody comes back. */
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

  /** The chosen one has no connection for it now. */
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

  /** Gives it a connection that is ready now, of another endpoint with a share. */
  private boolean giveShared(Waiter<L> call, Choice chooser, long nowNanos) {
    if (chooser instanceof Choice.Ring ring) {
      return ring.next(call.hash(), i -> give(call, inUse.get(i), nowNanos)) >= 0;
    }
    ReadyChoice<L> among = spare;
    return among != null && among.give(call, nowNanos);
  }

  /** Gives it a connection that is ready now, of any endpoint. */
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

  /** An endpoint for which a call may wait; one that was left out when there is no other. */
  @Nullable EndpointPool<L> hopeful(long nowNanos) {
    EndpointPool<L> good = hopeful(false, nowNanos);
    return good == null ? hopeful(true, nowNanos) : good;
  }

  /** Of those that were left out, or of the others; one that is being connected before the rest. */
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

  /** The chosen one, those with a share from there on, and then the others. */
  private EndpointPool<L> after(int chosen, int steps) {
    return inUse.get(steps < sharing ? (chosen + steps) % sharing : steps);
  }

  /** Those with a share. */
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
