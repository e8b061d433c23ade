package dev.holdfast.gateway.frontend.openapi;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.http.openapi.OpenApiDocument;
import dev.holdfast.transcoding.http.openapi.OpenApiInfo;
import dev.holdfast.transcoding.http.openapi.TranscoderRouting;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The OpenAPI documents of the served services. Documents are rendered on demand, on a thread of
 * their own, and cached until the services change. Thread-safe.
 */
public final class OpenApiDocuments {
  @Limit(
      of = "OpenAPI documents that are kept at one time",
      then = "the one that was not asked for longest is made anew when it is asked for")
  static final int MAX_KEPT = 16;

  @Limit(
      of = "OpenAPI documents that wait to be made",
      then = "a request for a further one is answered with 503")
  static final int MAX_WAITING = 64;

  public static final String PATH = "/openapi.json";

  private static final int VERSION_DIGITS = 12;
  private static final long IDLE_SECONDS = 10;

  private final Map<String, Made> made = new LinkedHashMap<>(MAX_KEPT, 0.75f, true);
  private final ThreadPoolExecutor maker;

  /** A cached document and its inputs. */
  private record Made(OpenApiSource offer, OpenApiInfo info, CompletableFuture<byte[]> json) {}

  public OpenApiDocuments() {
    maker =
        new ThreadPoolExecutor(
            1,
            1,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_WAITING),
            new DefaultThreadFactory("holdfast-openapi", true));
    maker.allowCoreThreadTimeOut(true);
  }

  /**
   * The document of some services, from the cache or rendered.
   *
   * @param info an empty version is replaced by the schema's hash
   * @throws java.util.concurrent.RejectedExecutionException when too many documents are being
   *     rendered
   */
  public synchronized CompletableFuture<byte[]> document(
      OpenApiSource openApiSource, OpenApiInfo info) {
    Made known = made.get(openApiSource.name());
    if (known != null && known.offer().isSameAs(openApiSource) && known.info().equals(info)) {
      return known.json();
    }
    CompletableFuture<byte[]> json =
        CompletableFuture.supplyAsync(() -> make(openApiSource, info), maker);
    made.put(openApiSource.name(), new Made(openApiSource, info, json));
    if (made.size() > MAX_KEPT) {
      made.remove(made.keySet().iterator().next());
    }
    return json;
  }

  private static byte[] make(OpenApiSource openApiSource, OpenApiInfo info) {
    List<String> hashes =
        openApiSource.served().values().stream().map(each -> each.catalog().hash()).toList();
    String hash =
        hashes.size() == 1
            ? hashes.get(0).substring(0, VERSION_DIGITS)
            : Integer.toHexString(hashes.hashCode());
    OpenApiInfo own =
        info.version().isEmpty()
            ? new OpenApiInfo(info.title(), hash, info.server(), info.byName())
            : info;
    TranscoderRouting transcoderRouting =
        openApiSource.served().size() == 1
            ? TranscoderRouting.NONE
            : path -> led(openApiSource, path);
    return OpenApiDocument.of(openApiSource.served(), transcoderRouting, own).json();
  }

  /**
   * The cluster to which a path is routed. Clusters with the same schema count as one, whichever of
   * them the route selects at random.
   */
  private static Optional<String> led(OpenApiSource openApiSource, String path) {
    Route route = openApiSource.router().find(new PathOnlyRequest(path));
    if (route == null) {
      return Optional.empty();
    }
    HttpTranscoder served = openApiSource.served().get(route.cluster());
    for (Map.Entry<String, HttpTranscoder> each : openApiSource.served().entrySet()) {
      if (served != null && each.getValue().catalog().hash().equals(served.catalog().hash())) {
        return Optional.of(each.getKey());
      }
    }
    return Optional.of(route.cluster());
  }
}
