package dev.holdfast.gateway.traffic;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.route.Route;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The call statistics of one event loop. Confined to that loop, except {@link #cells}. */
public final class LoopCallStatistics {
  @Limit(
      of = "kinds of calls (route, cluster and method) that one thread counts apart",
      then = "the calls of further methods are counted as other, those of further routes together")
  static final int MAX_KINDS = 5_000;

  /** The duration from which an open call is reported repeatedly. */
  @Limit(
      of = "time that a call goes on before the log of calls has a line of it",
      then = "it has one, and another each time")
  public static final Duration LONG_CALL = Duration.ofMinutes(1);

  @Limit(
      of = "routes whose meters each thread of the gateway keeps at hand",
      then = "all are dropped, and found again at their next calls")
  private static final int MAX_CACHED_ROUTES = 10_000;

  private static final CallStatisticsKey NOWHERE =
      new CallStatisticsKey("", "", KnownMethods.OTHER);

  private final CallStatistics all;
  private final Map<CallStatisticsKey, CallCounters> cells = new ConcurrentHashMap<>();
  private final IdentityHashMap<Route, RouteCounters> routes = new IdentityHashMap<>();
  private final Set<LongLived> watched = new LinkedHashSet<>();
  private final CallCounters nowhere = new CallCounters(NOWHERE);

  LoopCallStatistics(CallStatistics all) {
    this.all = all;
    cells.put(NOWHERE, nowhere);
  }

  /** The cells of one route by method. */
  static final class RouteCounters {
    private final Map<AsciiString, CallCounters> byPath = new HashMap<>();
    private final CallCounters other;

    RouteCounters(CallCounters other) {
      this.other = other;
    }
  }

  /** Begins the record of a call whose headers arrived just now. */
  public CallRecord begin(Http2Headers request, boolean grpc) {
    return new CallRecord(this, request, grpc);
  }

  /**
   * Begins the record of a connection that is passed through or refused.
   *
   * @param cluster "" for none
   * @param client its address without the port
   */
  public ConnectionRecord connection(String cluster, AsciiString client) {
    return new ConnectionRecord(this, cluster, client);
  }

  /** Reports calls and connections that have been open for long; must be called periodically. */
  public void reportLongCalls() {
    reportLongCalls(System.nanoTime());
  }

  void reportLongCalls(long nowNanos) {
    List.copyOf(watched).forEach(each -> each.reportAfter(nowNanos, LONG_CALL.toNanos()));
  }

  void watch(LongLived next) {
    watched.add(next);
  }

  void unwatch(LongLived ended) {
    watched.remove(ended);
  }

  /** Drops the cells of removed routes after a change of routes. */
  public void forgetRoutes() {
    routes.clear();
  }

  /** The cells of a route. */
  RouteCounters of(Route route) {
    RouteCounters known = routes.get(route);
    return known == null ? enter(route) : known;
  }

  /** The cell of a method that is counted by name; null for others. */
  static @Nullable CallCounters known(RouteCounters route, AsciiString path) {
    return route.byPath.get(path);
  }

  /** The cell of a method that an upstream began to answer. */
  CallCounters answered(RouteCounters route, AsciiString path) {
    CallCounters known = route.byPath.get(path);
    String method = known == null ? all.methods().learn(path) : null;
    if (known != null) {
      return known;
    }
    if (method == null) {
      return route.other;
    }
    CallCounters cell = cell(route.other.kind.route(), route.other.kind.cluster(), method);
    if (cell.kind.method().equals(method)) {
      route.byPath.put(new AsciiString(path), cell);
    }
    return cell;
  }

  /** The cell of calls that no upstream answered. */
  static CallCounters unanswered(@Nullable RouteCounters route, CallCounters nowhere) {
    return route == null ? nowhere : route.other;
  }

  CallCounters nowhere() {
    return nowhere;
  }

  @Nullable CallSink sink() {
    return all.sink();
  }

  Collection<CallCounters> callCounters() {
    return cells.values();
  }

  private RouteCounters enter(Route route) {
    if (routes.size() >= MAX_CACHED_ROUTES) {
      routes.clear();
    }
    RouteCounters routeCounters =
        new RouteCounters(cell(route.name(), route.cluster(), KnownMethods.OTHER));
    routes.put(route, routeCounters);
    return routeCounters;
  }

  private CallCounters cell(String route, String cluster, String method) {
    CallStatisticsKey kind = new CallStatisticsKey(route, cluster, method);
    CallCounters known = cells.get(kind);
    if (known != null) {
      return known;
    }
    if (cells.size() >= MAX_KINDS) {
      CallCounters other = cells.get(new CallStatisticsKey(route, cluster, KnownMethods.OTHER));
      return other == null ? nowhere : other;
    }
    CallCounters cell = new CallCounters(kind);
    cells.put(kind, cell);
    return cell;
  }
}
