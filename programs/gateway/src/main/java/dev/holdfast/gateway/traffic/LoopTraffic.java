package dev.holdfast.gateway.traffic;

import dev.holdfast.core.Limit;
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
public final class LoopTraffic {
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

  private static final CallKind NOWHERE = new CallKind("", "", KnownMethods.OTHER);

  private final Traffic all;
  private final Map<CallKind, Cell> cells = new ConcurrentHashMap<>();
  private final IdentityHashMap<Route, Methods> routes = new IdentityHashMap<>();
  private final Set<LongLived> watched = new LinkedHashSet<>();
  private final Cell nowhere = new Cell(NOWHERE);

  LoopTraffic(Traffic all) {
    this.all = all;
    cells.put(NOWHERE, nowhere);
  }

  /** The cells of one route by method. */
  static final class Methods {
    private final Map<AsciiString, Cell> byPath = new HashMap<>();
    private final Cell other;

    Methods(Cell other) {
      this.other = other;
    }
  }

  /** Begins the record of a call whose headers arrived just now. */
  public CallTrace begin(Http2Headers request, boolean grpc) {
    return new CallTrace(this, request, grpc);
  }

  /**
   * Begins the record of a connection that is passed through or refused.
   *
   * @param cluster "" for none
   * @param client its address without the port
   */
  public ConnectionTrace connection(String cluster, AsciiString client) {
    return new ConnectionTrace(this, cluster, client);
  }

  /** Reports calls and connections that have been open for long; must be called periodically. */
  public void tellOfLongCalls() {
    tellOfLongCalls(System.nanoTime());
  }

  void tellOfLongCalls(long nowNanos) {
    List.copyOf(watched).forEach(each -> each.tellAfter(nowNanos, LONG_CALL.toNanos()));
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
  Methods of(Route route) {
    Methods known = routes.get(route);
    return known == null ? enter(route) : known;
  }

  /** The cell of a method that is counted by name; null for others. */
  static @Nullable Cell known(Methods route, AsciiString path) {
    return route.byPath.get(path);
  }

  /** The cell of a method that an upstream began to answer. */
  Cell answered(Methods route, AsciiString path) {
    Cell known = route.byPath.get(path);
    String method = known == null ? all.methods().learn(path) : null;
    if (known != null) {
      return known;
    }
    if (method == null) {
      return route.other;
    }
    Cell cell = cell(route.other.kind.route(), route.other.kind.cluster(), method);
    if (cell.kind.method().equals(method)) {
      route.byPath.put(new AsciiString(path), cell);
    }
    return cell;
  }

  /** The cell of calls that no upstream answered. */
  static Cell unanswered(@Nullable Methods route, Cell nowhere) {
    return route == null ? nowhere : route.other;
  }

  Cell nowhere() {
    return nowhere;
  }

  @Nullable CallSink sink() {
    return all.sink();
  }

  Collection<Cell> cells() {
    return cells.values();
  }

  private Methods enter(Route route) {
    if (routes.size() >= MAX_CACHED_ROUTES) {
      routes.clear();
    }
    Methods methods = new Methods(cell(route.name(), route.cluster(), KnownMethods.OTHER));
    routes.put(route, methods);
    return methods;
  }

  private Cell cell(String route, String cluster, String method) {
    CallKind kind = new CallKind(route, cluster, method);
    Cell known = cells.get(kind);
    if (known != null) {
      return known;
    }
    if (cells.size() >= MAX_KINDS) {
      Cell other = cells.get(new CallKind(route, cluster, KnownMethods.OTHER));
      return other == null ? nowhere : other;
    }
    Cell cell = new Cell(kind);
    cells.put(kind, cell);
    return cell;
  }
}
