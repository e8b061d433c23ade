package dev.holdfast.gateway.route;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The path routes of one authority, as a trie of segments. At each segment, a literal is tried
 * before a longer prefix, that before a shorter one, then {@code *}, then {@code **}, with
 * backtracking. So the most specific route that accepts a request is found first, whatever the
 * order of configuration. A lookup visits each node at most once.
 */
final class PathTrie {
  private final TextTable<PathTrie> literals;
  private final @Nullable PathTrie any;
  private final @Nullable HeaderRoutes here;
  private final Rest[] beginnings;
  private final @Nullable HeaderRoutes rest;

  /** The routes of a prefix with any rest. */
  private record Rest(String beginning, HeaderRoutes candidates) {}

  /**
   * Creates the node below a depth.
   *
   * @param rules whose paths have the same segments above
   */
  PathTrie(List<RouteRule> rules, int depth, IntUnaryOperator chance) {
    Map<String, List<RouteRule>> bySegment = new HashMap<>();
    List<RouteRule> ending = new ArrayList<>();
    for (RouteRule rule : rules) {
      List<String> segments = rule.match().path().segments();
      if (segments.size() == depth) {
        ending.add(rule);
      } else {
        bySegment.computeIfAbsent(segments.get(depth), s -> new ArrayList<>()).add(rule);
      }
    }
    here = ending.isEmpty() ? null : new HeaderRoutes(ending, chance);
    List<RouteRule> anyRest = bySegment.remove(PathPattern.REST);
    rest = anyRest == null ? null : new HeaderRoutes(anyRest, chance);
    List<RouteRule> anySegment = bySegment.remove(PathPattern.ANY);
    any = anySegment == null ? null : new PathTrie(anySegment, depth + 1, chance);
    Map<String, PathTrie> texts = new HashMap<>();
    List<Rest> begun = new ArrayList<>();
    bySegment.forEach(
        (segment, below) -> {
          if (segment.endsWith(PathPattern.REST)) {
            String beginning = segment.substring(0, segment.length() - PathPattern.REST.length());
            begun.add(new Rest(beginning, new HeaderRoutes(below, chance)));
          } else {
            texts.put(segment, new PathTrie(below, depth + 1, chance));
          }
        });
    literals = TextTable.of(texts);
    beginnings =
        begun.stream()
            .sorted(Comparator.comparingInt((Rest r) -> r.beginning().length()).reversed())
            .toArray(Rest[]::new);
  }

  /** Finds the route of a path, which begins with a slash. */
  @Nullable Route find(RequestHead head, CharSequence path) {
    int end = CharSequences.indexOf(path, '?', 0, path.length());
    if (end == 0 || path.charAt(0) != '/') {
      return null;
    }
    CharSequence comparable = PathNormalization.comparable(path, end);
    return find(head, comparable, 1, comparable == path ? end : comparable.length());
  }

  /**
   * Finds the route of a path from the segment at an index on; an index beyond the end means that
   * none is left.
   */
  private @Nullable Route find(RequestHead head, CharSequence path, int from, int end) {
    if (from > end) {
      return here == null ? null : here.find(head);
    }
    int segmentEnd = CharSequences.indexOf(path, '/', from, end);
    PathTrie literal = literals.find(path, from, segmentEnd);
    Route found = literal == null ? null : literal.find(head, path, segmentEnd + 1, end);
    for (int i = 0; found == null && i < beginnings.length; i++) {
      if (CharSequences.hasAt(path, from, end, beginnings[i].beginning)) {
        found = beginnings[i].candidates.find(head);
      }
    }
    if (found == null && any != null && segmentEnd > from) {
      found = any.find(head, path, segmentEnd + 1, end);
    }
    return found != null || rest == null ? found : rest.find(head);
  }
}
