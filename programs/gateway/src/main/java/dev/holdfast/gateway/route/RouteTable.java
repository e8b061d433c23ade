package dev.holdfast.gateway.route;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The configured routes. The most specific route that accepts a request wins, whatever the order of
 * configuration. Immutable, and thread-safe if the random source is. A lookup allocates nothing.
 *
 * <p>Specificity compares the authority first: host and port, host, longest suffix, any. Then the
 * path ({@link PathPattern}), segment by segment: literal, prefix, {@code *}, {@code **}. Then the
 * headers: a narrower condition wins. Two routes of which neither is more specific are refused.
 */
public final class RouteTable implements Router {
  private final TextTable<PathTrie> hosts;
  private final TextTable<PathTrie> suffixes;
  private final @Nullable PathTrie any;
  private final int size;
  private final boolean cacheable;

  /**
   * Two rules that accept the same request, neither of which is more specific.
   *
   * @param first the index of the rule that comes first
   * @param second the index of the other rule, which is greater
   */
  public record RouteConflict(int first, int second) {}

  /**
   * Creates a table of these rules.
   *
   * @param chance a random number from 0 inclusive to its argument exclusive, for routes to several
   *     clusters
   * @throws IllegalArgumentException naming two rules of which neither is more specific
   */
  public RouteTable(List<RouteRule> rules, IntUnaryOperator chance) {
    for (RouteConflict routeConflict : conflicts(rules)) {
      throw new IllegalArgumentException(
          "routes: "
              + rules.get(routeConflict.first).name()
              + " and "
              + rules.get(routeConflict.second).name()
              + " fit the same requests (expected: one that is more specific)");
    }
    Map<AuthorityPattern, List<RouteRule>> byAuthority = new HashMap<>();
    for (RouteRule rule : rules) {
      byAuthority.computeIfAbsent(rule.match().authority(), a -> new ArrayList<>()).add(rule);
    }
    Map<String, PathTrie> whole = new HashMap<>();
    Map<String, PathTrie> ends = new HashMap<>();
    PathTrie all = null;
    for (Map.Entry<AuthorityPattern, List<RouteRule>> entry : byAuthority.entrySet()) {
      AuthorityPattern authority = entry.getKey();
      PathTrie paths = new PathTrie(entry.getValue(), 0, chance);
      if (authority.isAny()) {
        all = paths;
      } else if (authority.isSuffix()) {
        ends.put(authority.suffix(), paths);
      } else {
        whole.put(authority.text(), paths);
      }
    }
    hosts = TextTable.ofAnyCase(whole);
    suffixes = TextTable.ofAnyCase(ends);
    any = all;
    size = rules.size();
    cacheable = rules.stream().allMatch(RouteTable::isCacheable);
  }

  /** All pairs of conflicting rules, in their order. */
  public static List<RouteConflict> conflicts(List<RouteRule> rules) {
    Map<String, List<Integer>> places = new HashMap<>();
    List<RouteConflict> routeConflicts = new ArrayList<>();
    for (int i = 0; i < rules.size(); i++) {
      RouteMatch match = rules.get(i).match();
      List<Integer> same =
          places.computeIfAbsent(
              match.authority() + " " + match.path(), place -> new ArrayList<>());
      for (int other : same) {
        if (match.isAmbiguousWith(rules.get(other).match())) {
          routeConflicts.add(new RouteConflict(other, i));
        }
      }
      same.add(i);
    }
    return routeConflicts;
  }

  @Override
  public @Nullable Route find(RequestHead head) {
    CharSequence path = head.path();
    CharSequence authority = head.authority();
    int end = Authority.hostEnd(authority);
    Route found = null;
    if (end < authority.length()) {
      found = below(hosts.find(authority, 0, authority.length()), head, path);
    }
    if (found == null) {
      found = below(hosts.find(authority, 0, end), head, path);
    }
    if (!suffixes.isEmpty()) {
      for (int i = 1; found == null && i < end; i++) {
        if (authority.charAt(i) == '.') {
          found = below(suffixes.find(authority, i, end), head, path);
        }
      }
    }
    return found == null ? below(any, head, path) : found;
  }

  @Override
  public boolean isCacheable() {
    return cacheable;
  }

  private static boolean isCacheable(RouteRule rule) {
    return rule.match().headers().isEmpty() && rule.target().shares().size() == 1;
  }

  private static @Nullable Route below(
      @Nullable PathTrie paths, RequestHead head, CharSequence path) {
    return paths == null ? null : paths.find(head, path);
  }

  @Override
  public String expectation() {
    return size == 0 ? "a route, of which there is none" : "an authority and path of a route";
  }
}
