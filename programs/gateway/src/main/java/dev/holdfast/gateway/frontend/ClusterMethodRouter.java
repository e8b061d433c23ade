package dev.holdfast.gateway.frontend;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.call.CallTarget;
import dev.holdfast.gateway.call.ClusterCallTarget;
import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.frontend.openapi.OpenApiSource;
import dev.holdfast.gateway.gzip.AcceptEncoding;
import dev.holdfast.gateway.loop.ConfigSnapshot;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.gateway.route.Router;
import dev.holdfast.transcoding.http.HttpCall;
import dev.holdfast.transcoding.http.HttpRequestHead;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Finds the target of a request: by its route, or else the only cluster whose schema has its path.
 */
final class ClusterMethodRouter implements MethodRouter {
  @Limit(
      of = "clusters whose unknown schemas one answer tells the reason of",
      then = "the others are not told")
  static final int MAX_TOLD = 3;

  private final ClusterTranscoders clusterTranscoders;

  ClusterMethodRouter(ClusterTranscoders clusterTranscoders) {
    this.clusterTranscoders = clusterTranscoders;
  }

  @Override
  public RoutedMethod<HttpCall> json(HttpExchange web, HttpRequestHead head) {
    return find(web, transcoder -> MethodRouter.open(transcoder, head));
  }

  @Override
  public RoutedMethod<HttpTranscoder> method(HttpExchange web, String path) {
    return find(web, transcoder -> MethodRouter.requireMethod(transcoder, path));
  }

  @Override
  public CallTarget target(HttpExchange web, String path) {
    ClusterCallTarget routed = routed(web);
    return routed == null ? method(web, path).target() : routed;
  }

  @Override
  public OpenApiSource openApiSource(HttpExchange web) {
    ConfigSnapshot configSnapshot = web.loop().snapshot();
    SortedMap<String, HttpTranscoder> served = new TreeMap<>();
    ClusterCallTarget routed = routed(web);
    if (routed != null) {
      served.put(routed.cluster().name(), known(routed.cluster()));
      return new OpenApiSource(routed.cluster().name(), served, configSnapshot.router());
    }
    for (Cluster cluster : configSnapshot.clusters().values()) {
      clusterTranscoders.of(cluster).ifPresent(known -> served.put(cluster.name(), known));
    }
    if (served.isEmpty()) {
      throw new UnknownSchemaException("no schema is known");
    }
    return new OpenApiSource("", served, configSnapshot.router());
  }

  private <T> RoutedMethod<T> find(HttpExchange web, Function<HttpTranscoder, T> look) {
    ClusterCallTarget routed = routed(web);
    return routed == null
        ? search(web, look)
        : new RoutedMethod<>(routed, look(web, known(routed.cluster()), look));
  }

  private static <T> T look(
      HttpExchange web, HttpTranscoder transcoder, Function<HttpTranscoder, T> look) {
    try {
      return look.apply(transcoder);
    } catch (RequestRefusedException e) {
      String hint = e.isNoSuchPath() ? MethodHint.of(web.path(), transcoder) : "";
      throw hint.isEmpty() ? e : RequestRefusedException.noSuchPath(within(e.getMessage(), hint));
    }
  }

  /** Inserts a hint into the "expected" part of a message. */
  private static String within(String message, String hint) {
    return message.endsWith(")")
        ? message.substring(0, message.length() - 1) + hint + ")"
        : message;
  }

  private String hint(HttpExchange web) {
    return web.loop().snapshot().clusters().values().stream()
        .flatMap(cluster -> clusterTranscoders.of(cluster).stream())
        .map(transcoder -> MethodHint.of(web.path(), transcoder))
        .filter(hint -> !hint.isEmpty())
        .findFirst()
        .orElse("");
  }

  private HttpTranscoder known(Cluster cluster) {
    Optional<HttpTranscoder> transcoder = clusterTranscoders.of(cluster);
    CompletionStage<?> soon = null;
    if (transcoder.isEmpty()) {
      soon = clusterTranscoders.awaited(cluster);
      // What is not awaited any more may have come meanwhile.
      transcoder = soon == null ? clusterTranscoders.of(cluster) : transcoder;
    }
    if (transcoder.isEmpty()) {
      String trouble = clusterTranscoders.trouble(cluster);
      throw new UnknownSchemaException(
          "the schema of "
              + cluster.name()
              + " is not known"
              + (trouble.isEmpty() ? " yet: none of its servers has answered" : ": " + trouble),
          soon);
    }
    return transcoder.get();
  }

  /** The reasons why the schemas of some clusters are unknown, as a suffix of an error message. */
  private String troubles(HttpExchange web) {
    return web.loop().snapshot().clusters().values().stream()
        .filter(
            cluster ->
                clusterTranscoders.of(cluster).isEmpty()
                    && !clusterTranscoders.trouble(cluster).isEmpty())
        .limit(MAX_TOLD)
        .map(
            each ->
                "; services of " + each.name() + " unknown: " + clusterTranscoders.trouble(each))
        .collect(Collectors.joining());
  }

  /**
   * A stage that completes when the first schema request of every cluster has ended; null when none
   * is pending.
   */
  private @Nullable CompletionStage<?> awaited(HttpExchange web) {
    List<CompletableFuture<?>> awaited = new ArrayList<>(0);
    for (Cluster cluster : web.loop().snapshot().clusters().values()) {
      CompletionStage<?> each = clusterTranscoders.awaited(cluster);
      if (each != null) {
        awaited.add(each.toCompletableFuture());
      }
    }
    return awaited.isEmpty()
        ? null
        : CompletableFuture.allOf(awaited.toArray(new CompletableFuture<?>[0]));
  }

  private static Route unrouted(Cluster cluster) {
    return new Route(cluster.name(), cluster.name(), RouteOptions.DEFAULT);
  }

  /**
   * The target of the request's route; null for none. If the route forbids compression, the headers
   * that negotiate it are removed from the request.
   */
  private static @Nullable ClusterCallTarget routed(HttpExchange web) {
    ConfigSnapshot configSnapshot = web.loop().snapshot();
    Route route = configSnapshot.router().find(web);
    if (route == null) {
      return null;
    }
    Cluster cluster = configSnapshot.clusters().get(route.cluster());
    if (cluster == null) {
      throw new UnknownSchemaException(
          "route " + route.name() + " has no cluster " + route.cluster());
    }
    if (!route.options().compress()) {
      AcceptEncoding.LISTS.forEach(web.headers()::remove);
    }
    return new ClusterCallTarget(cluster, route);
  }

  private <T> RoutedMethod<T> search(HttpExchange web, Function<HttpTranscoder, T> look) {
    // Before the search, or a schema that comes meanwhile is neither found nor awaited.
    CompletionStage<?> soon = awaited(web);
    Map<String, RoutedMethod<T>> routedMethod = new TreeMap<>();
    List<RequestRefusedException> nearly = new ArrayList<>(1);
    for (Cluster cluster : web.loop().snapshot().clusters().values()) {
      try {
        clusterTranscoders
            .of(cluster)
            .ifPresent(
                transcoder ->
                    routedMethod.put(
                        cluster.name(),
                        new RoutedMethod<>(
                            new ClusterCallTarget(cluster, unrouted(cluster)),
                            look.apply(transcoder))));
      } catch (RequestRefusedException e) {
        if (!e.isNoSuchPath()) {
          nearly.add(e);
        }
      }
    }
    if (routedMethod.size() == 1) {
      return routedMethod.values().iterator().next();
    }
    if (routedMethod.size() > 1) {
      throw RequestRefusedException.badRequest(
          web.path()
              + ": offered by "
              + String.join(" and ", routedMethod.keySet())
              + " (expected: an authority or a route that tells them apart)");
    }
    if (!nearly.isEmpty()) {
      throw nearly.get(0);
    }
    Router router = web.loop().snapshot().router();
    String what =
        "no route for "
            + web.path()
            + " with authority "
            + web.authority()
            + " (expected: "
            + router.expectation()
            + ", or a path of one of the services"
            + hint(web)
            + ")"
            + troubles(web);
    if (soon != null || router.isLearning()) {
      throw new UnknownSchemaException(what, soon);
    }
    throw RequestRefusedException.noSuchPath(what);
  }
}
