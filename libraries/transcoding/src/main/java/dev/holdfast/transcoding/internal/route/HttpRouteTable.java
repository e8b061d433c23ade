package dev.holdfast.transcoding.internal.route;

import dev.holdfast.transcoding.internal.route.RouteTrie.Leaf;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The routing table from HTTP method and path to a target: a trie per method and verb.
 *
 * <p>The most specific template wins, whatever the order of addition. An exact HTTP method wins
 * over any ({@code *}). A template whose verb ends the path wins over one that matches the colon as
 * part of a segment. A literal wins over {@code *}, and that over {@code **}, segment by segment
 * from the left. Immutable and thread-safe. A lookup allocates an array of positions and its
 * result.
 *
 * @param <T> the type of targets
 */
public final class HttpRouteTable<T> {
  /** The wildcard for rules without a fixed HTTP method. */
  public static final String ANY_METHOD = "*";

  private final Map<String, Verbs<T>> byMethod;

  private HttpRouteTable(Map<String, Verbs<T>> byMethod) {
    this.byMethod = byMethod;
  }

  /** A new builder without any routes. */
  public static <T> Builder<T> builder() {
    return new Builder<>();
  }

  /**
   * The route of a request; null when there is none.
   *
   * @param method of HTTP, in upper case; compared exactly
   * @param path raw, without a query
   * @throws RequestRefusedException 400 when the path is malformed
   */
  public @Nullable HttpRouteMatch<T> find(String method, CharSequence path) {
    if (path.length() == 0 || path.charAt(0) != '/') {
      return null;
    }
    PercentDecoding.require(path, 0, path.length(), "path");
    PathSegments segments = PathSegments.of(path);
    HttpRouteMatch<T> found = find(byMethod.get(method), segments);
    return found == null ? find(byMethod.get(ANY_METHOD), segments) : found;
  }

  /** The HTTP methods under which a path has a route, sorted, for an {@code allow} header. */
  public List<String> methodsOf(CharSequence path) {
    if (path.length() == 0 || path.charAt(0) != '/') {
      return List.of();
    }
    PathSegments segments = PathSegments.of(path);
    List<String> methods = new ArrayList<>();
    byMethod.forEach(
        (method, verbs) -> {
          if (find(verbs, segments) != null) {
            methods.add(method);
          }
        });
    methods.sort(null);
    return methods;
  }

  private static <T> @Nullable HttpRouteMatch<T> find(@Nullable Verbs<T> verbs, PathSegments path) {
    if (verbs == null) {
      return null;
    }
    if (!verbs.byVerb.isEmpty()) {
      int colon = path.colon();
      RouteTrie<T> trie = colon < 0 ? null : verbs.trie(path.text(), colon + 1);
      if (trie != null) {
        PathSegments without = path.upTo(colon);
        Leaf<T> leaf = trie.find(without);
        if (leaf != null) {
          return new HttpRouteMatch<>(leaf.target(), leaf.template(), without);
        }
      }
    }
    Leaf<T> leaf = verbs.plain.find(path);
    return leaf == null ? null : new HttpRouteMatch<>(leaf.target(), leaf.template(), path);
  }

  /** The tries of one HTTP method, by verb. */
  private static final class Verbs<T> {
    private final RouteTrie<T> plain = new RouteTrie<>();
    private final Map<String, RouteTrie<T>> byVerb = new HashMap<>();

    private @Nullable RouteTrie<T> trie(CharSequence path, int verb) {
      return byVerb.get(PercentDecoding.ALL.decode(path, verb, path.length(), "path"));
    }

    private RouteTrie<T> trieToFill(String verb) {
      return verb.isEmpty() ? plain : byVerb.computeIfAbsent(verb, name -> new RouteTrie<>());
    }
  }

  /** Builder of the routing table. Not thread-safe. */
  public static final class Builder<T> {
    private final Map<String, Verbs<T>> byMethod = new LinkedHashMap<>();

    private Builder() {}

    /**
     * Adds a route to the table.
     *
     * @param httpMethod in upper case, or {@link #ANY_METHOD}
     * @param owner the name of the route's origin in error messages
     * @throws RouteConflictException when another route has the same shape
     */
    public Builder<T> add(String httpMethod, PathTemplate template, String owner, T target) {
      Leaf<T> other = put(httpMethod, new Leaf<>(template, owner, target));
      if (other != null) {
        throw new RouteConflictException(
            httpMethod, template.shape(), List.of(other.owner(), owner));
      }
      return this;
    }

    /** Adds a route unless another one has the same shape; returns whether the route was added. */
    public boolean addIfFree(String httpMethod, PathTemplate template, String owner, T target) {
      return put(httpMethod, new Leaf<>(template, owner, target)) == null;
    }

    private @Nullable Leaf<T> put(String httpMethod, Leaf<T> leaf) {
      return byMethod
          .computeIfAbsent(httpMethod, method -> new Verbs<>())
          .trieToFill(leaf.template().verb())
          .add(leaf);
    }

    /** The table with the routes so far. The builder must not be used afterwards. */
    public HttpRouteTable<T> build() {
      return new HttpRouteTable<>(new HashMap<>(byMethod));
    }
  }
}
