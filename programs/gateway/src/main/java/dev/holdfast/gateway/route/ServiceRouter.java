package dev.holdfast.gateway.route;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The routes without configuration: every service of a registry is a cluster of the same name.
 *
 * <ol>
 *   <li>By authority: its host is the name of a service ({@code orders:443}, {@code orders}), or
 *       the first label of one is the other ({@code orders.prod.example}), if only one service
 *       matches.
 *   <li>By the gRPC service of the path, if exactly one service offers it. Health and reflection
 *       are excluded, since each server answers them for itself.
 *   <li>The only service, if there is just one and its gRPC services are unknown, or if its
 *       reflection is asked for. Health needs an authority even then: a probe would change its
 *       meaning with the second service.
 * </ol>
 */
public final class ServiceRouter implements Router {
  /** Prefixes of gRPC services that every server has: such a path does not identify a service. */
  private static final String[] OF_EVERY_SERVER = {
    "/grpc.health.v1.", "/grpc.reflection.", "/grpc.channelz."
  };

  private static final String REFLECTION = "/grpc.reflection.";

  private final TextTable<Choice> hosts;
  private final TextTable<Choice> labels;
  private final TextTable<Choice> grpcServices;
  private final Choice only;
  private final Choice all;
  private final Set<String> unheard;
  private final Set<String> names;

  /** The routes that match a name; with more than one, the name is ambiguous and none is taken. */
  private record Choice(List<Route> routes) {
    @Nullable Route decided() {
      return routes.size() == 1 ? routes.get(0) : null;
    }

    String names() {
      return String.join(", ", routes.stream().map(Route::cluster).sorted().toList());
    }
  }

  /**
   * Creates the routes of these services.
   *
   * @param offers the gRPC services of each registry service, by its name; empty where they are
   *     unknown
   * @param options of all routes
   */
  public ServiceRouter(Map<String, Set<String>> offers, RouteOptions options) {
    this(offers, Set.of(), options);
  }

  /**
   * Creates the routes of these services, some of which have not reported their gRPC services yet.
   *
   * @param unheard the names of those that have not
   */
  public ServiceRouter(Map<String, Set<String>> offers, Set<String> unheard, RouteOptions options) {
    Map<String, List<Route>> byHost = new HashMap<>();
    Map<String, List<Route>> byLabel = new HashMap<>();
    Map<String, List<Route>> byGrpc = new HashMap<>();
    List<Route> routes = new ArrayList<>();
    new TreeMap<>(offers)
        .forEach(
            (cluster, services) -> {
              Route route = new Route(cluster, cluster, options);
              routes.add(route);
              String host = hostOf(cluster).toLowerCase(Locale.ROOT);
              add(byHost, host, route);
              add(byLabel, host.substring(0, Authority.labelEnd(host, host.length())), route);
              services.stream()
                  .filter(service -> !isOfEveryServer("/" + service))
                  .forEach(service -> add(byGrpc, service, route));
            });
    hosts = TextTable.ofAnyCase(choices(byHost));
    labels = TextTable.ofAnyCase(choices(byLabel));
    grpcServices = TextTable.of(choices(byGrpc));
    boolean known = offers.values().stream().anyMatch(services -> !services.isEmpty());
    all = new Choice(List.copyOf(routes));
    only = known ? new Choice(List.of()) : all;
    names = new TreeSet<>(offers.keySet());
    this.unheard = new TreeSet<>(unheard);
  }

  /** A router without routes, for the time before the registry has reported its services. */
  public static Router unknown() {
    return new Router() {
      @Override
      public @Nullable Route find(RequestHead head) {
        return null;
      }

      @Override
      public boolean isLearning() {
        return true;
      }

      @Override
      public boolean awaitsServices() {
        return true;
      }

      @Override
      public String expectation() {
        return "a service of the registry, which has not said yet which it has";
      }
    };
  }

  @Override
  public @Nullable Route find(RequestHead head) {
    Choice choice = choice(head);
    return choice == null ? null : choice.decided();
  }

  @Override
  public boolean isCacheable() {
    return true;
  }

  private @Nullable Choice choice(RequestHead head) {
    Choice byAuthority = byAuthority(head.authority());
    if (byAuthority != null) {
      return byAuthority;
    }
    CharSequence path = head.path();
    if (isOfEveryServer(path)) {
      boolean reflection = CharSequences.hasAt(path, 0, path.length(), REFLECTION);
      return reflection && all.decided() != null ? all : null;
    }
    Choice byPath = grpcServices.find(path, Math.min(1, path.length()), serviceEnd(path));
    if (byPath != null) {
      return byPath;
    }
    return only.decided() == null ? null : only;
  }

  private @Nullable Choice byAuthority(CharSequence authority) {
    int end = Authority.hostEnd(authority);
    Choice whole = hosts.find(authority, 0, end);
    if (whole != null) {
      return whole;
    }
    int labelEnd = Authority.labelEnd(authority, end);
    if (labelEnd < end) {
      return hosts.find(authority, 0, labelEnd);
    }
    return labels.find(authority, 0, end);
  }

  @Override
  public boolean isLearning() {
    return !unheard.isEmpty();
  }

  @Override
  public String expectation() {
    return unheard.isEmpty() ? Router.super.expectation() : untilHeard();
  }

  /** The condition that a request without a route did not meet, for its local reply. */
  @Override
  public String expectation(RequestHead head) {
    Choice choice = choice(head);
    if (choice != null) {
      return "an authority or a route, since more than one service is meant: " + choice.names();
    }
    if (names.isEmpty()) {
      return "a service in the registry, which has none";
    }
    if (isOfEveryServer(head.path())) {
      return "the authority of one of the services " + shown();
    }
    String known = "an authority or a gRPC service of one of the services " + shown();
    return unheard.isEmpty() ? known : known + "; or " + untilHeard();
  }

  private String untilHeard() {
    return "a little patience, since nobody knows yet what is offered by "
        + CharSequences.shown(unheard);
  }

  private String shown() {
    return CharSequences.shown(names);
  }

  /** The index at which the gRPC service in a path ends; it begins after the first slash. */
  private static int serviceEnd(CharSequence path) {
    for (int i = 1; i < path.length(); i++) {
      if (path.charAt(i) == '/') {
        return i;
      }
    }
    return Math.min(1, path.length());
  }

  private static boolean isOfEveryServer(CharSequence path) {
    for (String prefix : OF_EVERY_SERVER) {
      if (CharSequences.hasAt(path, 0, path.length(), prefix)) {
        return true;
      }
    }
    return false;
  }

  /** The name in {@code namespace/name:port}. */
  private static String hostOf(String cluster) {
    String last = cluster.substring(cluster.lastIndexOf('/') + 1);
    int colon = last.indexOf(':');
    return colon < 0 ? last : last.substring(0, colon);
  }

  private static void add(Map<String, List<Route>> routes, String key, Route route) {
    routes.computeIfAbsent(key, k -> new ArrayList<>()).add(route);
  }

  private static Map<String, Choice> choices(Map<String, List<Route>> routes) {
    Map<String, Choice> choices = new HashMap<>();
    routes.forEach((key, found) -> choices.put(key, new Choice(List.copyOf(found))));
    return choices;
  }
}
