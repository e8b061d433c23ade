package dev.holdfast.gateway.cluster;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The connection pool of one endpoint on one event loop, with the queue of calls that wait for this
 * endpoint alone. Confined to that loop, as what connections and calls report asserts.
 *
 * <p>A call gets the connection with the fewest open calls. Another connection is opened, up to the
 * cluster's limit, when all are full to {@value #AHEAD_PERCENT} % or none can take a call. After a
 * failure to connect, the next attempt waits for an exponential backoff.
 *
 * <p>A connection beyond its age gets no new calls once another one is ready. Connections that only
 * finish their calls do not count towards the limit, or an endpoint that replaces its connections
 * would run out of them.
 */
public final class ConnectionPool<L extends PooledConnection>
    implements PooledConnectionListener<L> {
  /** The fill level at which another connection is opened, in percent. */
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
  private static final int PAUSE_DOUBLINGS = 10;

  private final PoolContext<L> poolContext;
  private final ClusterOptions options;
  private final List<L> connections = new ArrayList<>(2);
  private final PendingCallQueue<L> waiting = new PendingCallQueue<>();
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
  private EndpointHealth endpointHealth;
  private @Nullable L lost;

  ConnectionPool(Endpoint endpoint, PoolContext<L> poolContext) {
    this.poolContext = poolContext;
    this.options = poolContext.cluster.options();
    this.endpoint = endpoint;
    this.address = endpoint.address().toString();
    this.endpointHealth = poolContext.cluster.outlierDetector().of(endpoint);
  }

  /** The objects that the pools of one cluster on one event loop share. */
  record PoolContext<L extends PooledConnection>(
      Cluster cluster,
      Dialer<L> dialer,
      LoopContext context,
      ConnectionPoolListener<L> watch,
      RetryBudget retries) {}

  /** The endpoint's address as text. */
  public String address() {
    return address;
  }

  /** The address that the pool connects to. */
  public HostPort where() {
    return endpoint.address();
  }

  /** The retry budget of the cluster on this event loop. */
  public RetryBudget retries() {
    return poolContext.retries;
  }

  /** Counts a call on one of the pool's connections, or a proxied connection, as open. */
  public void onCallBegan() {
    poolContext.context.assertInLoop();
    openCalls++;
  }

  /** Counts such a call or connection as ended. */
  public void onCallEnded() {
    poolContext.context.assertInLoop();
    openCalls--;
  }

  /** Records a response from the endpoint, of any status, as a success. */
  public void onAnswered() {
    if (endpointHealth.isTroubled()) {
      poolContext.cluster.outlierDetector().onSuccess(endpointHealth);
    }
  }

  /** Records a fault of the endpoint. */
  public void onFault(EndpointFault fault, String cause) {
    poolContext.context.assertInLoop();
    if (!retired) {
      poolContext
          .cluster
          .outlierDetector()
          .onFault(endpointHealth, fault, cause, poolContext.context.nanoTime())
          .ifPresent(
              ejection -> poolContext.context.onEjected(poolContext.cluster.name(), ejection));
    }
  }

  /** Records the loss of a connection; only once, however many calls were on it. */
  public void onLost(L connection, String cause) {
    if (lost != connection) {
      lost = connection;
      onFault(EndpointFault.LOST, cause);
    }
  }

  /** The number of calls at the endpoint: the open ones and those that wait for it. */
  int openCalls() {
    return openCalls + waiting.size();
  }

  Endpoint endpoint() {
    return endpoint;
  }

  void update(Endpoint changed) {
    endpoint = changed;
    endpointHealth = poolContext.cluster.outlierDetector().of(changed);
  }

  EndpointHealth endpointHealth() {
    return endpointHealth;
  }

  /**
   * A connection that can take another call now, the one with the fewest calls; null when there is
   * none. Opens another connection when all are nearly full.
   */
  @Nullable L take(long nowNanos) {
    L best = null;
    boolean all = true;
    for (int i = 0; i < connections.size(); i++) {
      L connection = connections.get(i);
      if (!connection.hasRoom()) {
        continue;
      }
      if (connection.isStale(nowNanos)) {
        connection.probe();
        continue;
      }
      all &= isNearlyFull(connection);
      if (best == null || connection.openCalls() < best.openCalls()) {
        best = connection;
      }
    }
    if (all && best != null) {
      open(nowNanos);
    }
    return best;
  }

  /** Whether a call may wait here: a connection is ready, being opened, or may be opened. */
  boolean isConnectable(long nowNanos) {
    return opening != null || isEstablished() || mayOpen(nowNanos);
  }

  /**
   * Whether a call that prefers this endpoint should wait for it: a connection exists or is being
   * opened. False after a failure to connect until the next success.
   */
  boolean isWorthWaiting(long nowNanos) {
    return isEstablished() || (failures == 0 && isConnectable(nowNanos));
  }

  /** Whether a connection is established, or being opened. */
  boolean isConnected() {
    return opening != null || isEstablished();
  }

  String lastFailure() {
    return lastFailure;
  }

  /** Opens another connection, unless the backoff or the limit forbids it. */
  private void open(long nowNanos) {
    if (mayOpen(nowNanos)) {
      dialed = true;
      dialedNanos = nowNanos;
      L connection = poolContext.dialer.dial(endpoint, options, this);
      opening = connection;
      connections.add(connection);
    }
  }

  private boolean mayOpen(long nowNanos) {
    int staying = staying();
    return opening == null
        && !retired
        && staying < options.maxConnections()
        && connections.size() - staying < MAX_LEAVING
        && nowNanos - pausedUntilNanos >= 0;
  }

  /**
   * Queues a call for the next connection of this endpoint.
   *
   * @return false when the queue is full
   */
  boolean await(PendingCall<L> call) {
    return waiting.add(call, MAX_WAITING);
  }

  /** Opens a connection, unless one is being proved alive. */
  void ensureConnecting(long nowNanos) {
    if (!isProving(nowNanos)) {
      open(nowNanos);
    }
  }

  /**
   * Opens a connection although no call asks for it.
   *
   * @return false when it is too early for another attempt
   */
  boolean preconnect(long nowNanos) {
    if (!dialed || nowNanos - dialedNanos >= Preconnect.PAUSE.toNanos()) {
      open(nowNanos);
    }
    return opening != null;
  }

  /** A view of the pool, for the admin page. */
  EndpointView view(long nowNanos) {
    int ready = 0;
    for (L connection : connections) {
      ready += connection.hasRoom() && !connection.isStale(nowNanos) ? 1 : 0;
    }
    String trouble = connections.isEmpty() && failures > 0 ? lastFailure : "";
    EndpointView.EjectionView ejectionView = endpointHealth.ejected(nowNanos);
    int calls = waiting.size() + (ready == 0 ? poolContext.watch.pendingCalls() : 0);
    return new EndpointView(
        address, connections.size(), ready, openCalls, calls, ejectionView, trouble);
  }

  /** The number of calls that wait for this endpoint alone. */
  int waitingCalls() {
    return waiting.size();
  }

  /** Empties the queue of calls that wait for this endpoint alone. */
  List<PendingCall<L>> drain() {
    return waiting.drain();
  }

  /** Retires the pool: its connections get no new calls, and open calls finish. */
  void retire() {
    retired = true;
    List.copyOf(connections).forEach(PooledConnection::retire);
    waiting.refuse(address, "the endpoint was removed", true);
  }

  @Override
  public void onReady(L connection) {
    poolContext.context.assertInLoop();
    if (connection == opening && connection.hasRoom()) {
      opening = null;
      failures = 0;
      retireAged();
      awaitAge(connection);
    }
    long nowNanos = poolContext.context.nanoTime();
    for (PendingCall<L> call = waiting.peek(); call != null; call = waiting.peek()) {
      L free = take(nowNanos);
      if (free == null) {
        ensureConnecting(nowNanos);
        return;
      }
      waiting.remove();
      call.onConnection(this, free);
    }
    poolContext.watch.onReady(this);
  }

  @Override
  public void onNotReady(L connection) {
    poolContext.context.assertInLoop();
    if (!waiting.isEmpty() || poolContext.watch.pendingCalls() > 0) {
      open(poolContext.context.nanoTime());
    }
    poolContext.watch.onNotReady(this, "the connection is not ready");
  }

  /**
   * Replaces a connection, make-before-break. At the connection limit the connection stays in use,
   * and is reported again.
   */
  @Override
  public void onAged(L connection) {
    poolContext.context.assertInLoop();
    if (connections.contains(connection) && staying() < options.maxConnections()) {
      aged.add(connection);
      open(poolContext.context.nanoTime());
    }
  }

  @Override
  public void onExhausted(L connection) {
    poolContext.context.assertInLoop();
    if (connections.contains(connection) && connections.size() - staying() < MAX_LEAVING) {
      aged.remove(connection);
      connection.retire();
      open(poolContext.context.nanoTime());
    }
  }

  @Override
  public void onClosed(L connection, String why) {
    poolContext.context.assertInLoop();
    connections.remove(connection);
    aged.remove(connection);
    if (connection == opening) {
      opening = null;
      failures = Math.min(PAUSE_DOUBLINGS, failures + 1);
      long pause = FIRST_PAUSE.toNanos() << (failures - 1);
      pausedUntilNanos = poolContext.context.nanoTime() + Math.min(LONGEST_PAUSE.toNanos(), pause);
      lastFailure = why;
      onFault(EndpointFault.CONNECT, why);
    }
    if (!isConnected()) {
      waiting.refuse(address, why, true);
    } else if (!waiting.isEmpty()) {
      open(poolContext.context.nanoTime());
    }
    poolContext.watch.onNotReady(this, why);
  }

  private void awaitAge(L connection) {
    long ageNanos = options.connectionAge().toNanos();
    if (ageNanos > 0) {
      long spread = poolContext.context.random(2 * JITTER_STEPS + 1) - (long) JITTER_STEPS;
      long jittered = ageNanos + ageNanos / JITTER_PARTS * spread / JITTER_STEPS;
      poolContext.context.after(
          jittered,
          () -> {
            aged.add(connection);
            replaceAged();
          });
    }
  }

  /** Opens the replacement of aged connections first, if the limit allows another one. */
  private void replaceAged() {
    aged.retainAll(connections);
    if (retired || aged.isEmpty()) {
      return;
    }
    if (staying() >= options.maxConnections()) {
      retireAged();
    } else {
      open(poolContext.context.nanoTime());
      poolContext.context.after(LONGEST_PAUSE.toNanos(), this::replaceAged);
    }
  }

  private void retireAged() {
    aged.forEach(PooledConnection::retire);
    aged.clear();
  }

  private int staying() {
    int staying = 0;
    for (L connection : connections) {
      staying += connection.isDraining() ? 0 : 1;
    }
    return staying;
  }

  /**
   * Whether a connection is established and not retiring. It may be full, or be awaiting proof of
   * life.
   */
  private boolean isEstablished() {
    for (L connection : connections) {
      if (connection != opening && !connection.isDraining()) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether a connection was asked for a liveness check, whose answer comes sooner than a new
   * connection.
   */
  private boolean isProving(long nowNanos) {
    for (L connection : connections) {
      if (connection.hasRoom() && connection.isStale(nowNanos)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isNearlyFull(PooledConnection pooledConnection) {
    return (long) pooledConnection.openCalls() * PERCENT
        >= (long) pooledConnection.mostCalls() * AHEAD_PERCENT;
  }
}
