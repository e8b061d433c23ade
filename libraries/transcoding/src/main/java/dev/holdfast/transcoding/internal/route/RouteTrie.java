package dev.holdfast.transcoding.internal.route;

import dev.holdfast.transcoding.internal.route.PathTemplate.Segment;
import dev.holdfast.transcoding.internal.route.PathTemplate.SegmentKind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The trie of the templates of one HTTP method and verb, one level per segment.
 *
 * <p>A search prefers a literal to {@code *} and that to {@code **}, segment by segment from the
 * left, with backtracking. Each node is visited at most once, so the cost is bounded by the size of
 * the trie. The order of addition does not matter.
 */
final class RouteTrie<T> {
  /** A target with its template and the name of its owner. */
  record Leaf<T>(PathTemplate template, String owner, T target) {}

  private final Node<T> root = new Node<>();

  /** Adds a leaf. Returns the existing leaf of the same shape, without adding, or null. */
  @Nullable Leaf<T> add(Leaf<T> leaf) {
    List<Segment> segments = leaf.template().segments();
    Node<T> node = root;
    for (int i = 0; i < segments.size(); i++) {
      Segment segment = segments.get(i);
      if (segment.kind() == SegmentKind.ANY) {
        return node.addTail(leaf, segments.subList(i + 1, segments.size()));
      }
      node =
          segment.kind() == SegmentKind.LITERAL
              ? node.literals.getOrAdd(segment.literal())
              : node.one();
    }
    Leaf<T> other = node.leaf;
    node.leaf = other == null ? leaf : other;
    return other;
  }

  @Nullable Leaf<T> find(PathSegments path) {
    return find(root, path, 0);
  }

  private @Nullable Leaf<T> find(Node<T> node, PathSegments path, int segment) {
    if (segment == path.count()) {
      return node.leaf != null ? node.leaf : node.tail(path, segment);
    }
    Node<T> next = node.literals.find(path.text(), path.start(segment), path.end(segment));
    Leaf<T> found = next == null ? null : find(next, path, segment + 1);
    if (found == null && node.one != null && !path.isEmpty(segment)) {
      found = find(node.one, path, segment + 1);
    }
    return found == null ? node.tail(path, segment) : found;
  }

  static final class Node<T> {
    private final LiteralTable<Node<T>> literals = new LiteralTable<>(Node::new);
    private @Nullable Node<T> one;
    private @Nullable Leaf<T> leaf;

    /** The templates that have a {@code **} here, the one with the longest remainder first. */
    private final List<Tail<T>> tails = new ArrayList<>();

    private Node<T> one() {
      Node<T> node = one == null ? new Node<>() : one;
      one = node;
      return node;
    }

    private @Nullable Leaf<T> addTail(Leaf<T> leaf, List<Segment> rest) {
      for (Tail<T> tail : tails) {
        if (tail.rest().equals(rest)) {
          return tail.leaf();
        }
      }
      tails.add(new Tail<>(List.copyOf(rest), leaf));
      tails.sort(Comparator.comparingInt((Tail<T> tail) -> tail.rest().size()).reversed());
      return null;
    }

    private @Nullable Leaf<T> tail(PathSegments path, int from) {
      for (int i = 0; i < tails.size(); i++) {
        if (tails.get(i).matches(path, from)) {
          return tails.get(i).leaf();
        }
      }
      return null;
    }
  }

  /**
   * The remainder of a template behind a {@code **}: literals, compared from the end of the path.
   */
  private record Tail<T>(List<Segment> rest, Leaf<T> leaf) {
    boolean matches(PathSegments path, int from) {
      int first = path.count() - rest.size();
      if (first < from) {
        return false;
      }
      for (int i = 0; i < rest.size(); i++) {
        String literal = rest.get(i).literal();
        if (!LiteralTable.same(literal, path.text(), path.start(first + i), path.end(first + i))) {
          return false;
        }
      }
      return true;
    }
  }
}
