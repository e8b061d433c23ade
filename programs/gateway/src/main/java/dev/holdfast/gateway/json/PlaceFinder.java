package dev.holdfast.gateway.json;

import dev.holdfast.core.Limit;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.gzip.AcceptEncoding;
import dev.holdfast.gateway.http2.CallTarget;
import dev.holdfast.gateway.http2.Terms;
import dev.holdfast.gateway.http2.WebExchange;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.gateway.route.Router;
import dev.holdfast.transcoding.http.HttpCall;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.http.RequestHead;
import dev.holdfast.transcoding.http.RequestRefusedException;
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
final class PlaceFinder implements Places {
  @Limit(
      of = "clusters whose unknown schemas one answer tells the reason of",
      then = "the others are not told")
  static final int MAX_TOLD = 3;

  private final Schemas schemas;

  PlaceFinder(Schemas schemas) {
    this.schemas = schemas;
  }

  @Override
  public Found<HttpCall> json(WebExchange web, RequestHead head) {
    return find(web, transcoder -> Places.open(transcoder, head));
  }

  @Override
  public Found<HttpTranscoder> method(WebExchange web, String path) {
    return find(web, transcoder -> Places.requireMethod(transcoder, path));
  }

  @Override
  public CallTarget place(WebExchange web, String path) {
    Place routed = routed(web);
    return routed == null ? method(web, path).place() : routed;
  }

  @Override
  public Offer offer(WebExchange web) {
    Terms terms = web.loop().snapshot();
    SortedMap<String, HttpTranscoder> served = new TreeMap<>();
    Place routed = routed(web);
    if (routed != null) {
      served.put(routed.cluster().name(), known(routed.cluster()));
      return new Offer(routed.cluster().name(), served, terms.router());
    }
    for (Cluster cluster : terms.clusters().values()) {
      schemas.of(cluster).ifPresent(known -> served.put(cluster.name(), known));
    }
    if (served.isEmpty()) {
      throw new UnknownSchemaException("no schema is known");
    }
    return new Offer("", served, terms.router());
  }

  private <T> Found<T> find(WebExchange web, Function<HttpTranscoder, T> look) {
    Place routed = routed(web);
    return routed == null
        ? search(web, look)
        : new Found<>(routed, look(web, known(routed.cluster()), look));
  }

  private static <T> T look(
      WebExchange web, HttpTranscoder transcoder, Function<HttpTranscoder, T> look) {
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

  private String hint(WebExchange web) {
    return web.loop().snapshot().clusters().values().stream()
        .flatMap(cluster -> schemas.of(cluster).stream())
        .map(transcoder -> MethodHint.of(web.path(), transcoder))
        .filter(hint -> !hint.isEmpty())
        .findFirst()
        .orElse("");
  }

  private HttpTranscoder known(Cluster cluster) {
    Optional<HttpTranscoder> transcoder = schemas.of(cluster);
    CompletionStage<?> soon = null;
    if (transcoder.isEmpty()) {
      soon = schemas.awaited(cluster);
      // What is not awaited any more may have come meanwhile.
      transcoder = soon == null ? schemas.of(cluster) : transcoder;
    }
    if (transcoder.isEmpty()) {
      String trouble = schemas.trouble(cluster);
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
  private String troubles(WebExchange web) {
    return web.loop().snapshot().clusters().values().stream()
        .filter(cluster -> schemas.of(cluster).isEmpty() && !schemas.trouble(cluster).isEmpty())
        .limit(MAX_TOLD)
        .map(each -> "; services of " + each.name() + " unknown: " + schemas.trouble(each))
        .collect(Collectors.joining());
  }

  /**
   * A stage that completes when the first schema request of every cluster has ended; null when none
   * is pending.
   */
  private @Nullable CompletionStage<?> awaited(WebExchange web) {
    List<CompletableFuture<?>> awaited = new ArrayList<>(0);
    for (Cluster cluster : web.loop().snapshot().clusters().values()) {
      CompletionStage<?> each = schemas.awaited(cluster);
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
  private static @Nullable Place routed(WebExchange web) {
    Terms terms = web.loop().snapshot();
    Route route = terms.router().find(web);
    if (route == null) {
      return null;
    }
    Cluster cluster = terms.clusters().get(route.cluster());
    if (cluster == null) {
      throw new UnknownSchemaException(
          "route " + route.name() + " has no cluster " + route.cluster());
    }
    if (!route.options().compress()) {
      AcceptEncoding.LISTS.forEach(web.headers()::remove);
    }
    return new Place(cluster, route);
  }

  private <T> Found<T> search(WebExchange web, Function<HttpTranscoder, T> look) {
    // Before the search, or a schema that comes meanwhile is neither found nor awaited.
    CompletionStage<?> soon = awaited(web);
    Map<String, Found<T>> found = new TreeMap<>();
    List<RequestRefusedException> nearly = new ArrayList<>(1);
    for (Cluster cluster : web.loop().snapshot().clusters().values()) {
      try {
        schemas
            .of(cluster)
            .ifPresent(
                transcoder ->
                    found.put(
                        cluster.name(),
                        new Found<>(
                            new Place(cluster, unrouted(cluster)), look.apply(transcoder))));
      } catch (RequestRefusedException e) {
        if (!e.isNoSuchPath()) {
          nearly.add(e);
        }
      }
    }
    if (found.size() == 1) {
      return found.values().iterator().next();
    }
    if (found.size() > 1) {
      throw RequestRefusedException.badRequest(
          web.path()
              + ": offered by "
              + String.join(" and ", found.keySet())
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
