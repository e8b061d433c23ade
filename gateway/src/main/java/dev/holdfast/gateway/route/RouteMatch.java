package dev.holdfast.gateway.route;

import java.util.List;

/**
 * Which requests a route is meant for.
 *
 * @param authority whom they ask
 * @param path what for
 * @param headers what all of these headers must be; at most one test for each name
 */
public record RouteMatch(AuthorityPattern authority, PathPattern path, List<HeaderTest> headers) {
  public RouteMatch {
    headers = List.copyOf(headers);
    long names = headers.stream().map(HeaderTest::name).distinct().count();
    if (names != headers.size()) {
      throw new IllegalArgumentException("headers: a name twice (expected: each once)");
    }
  }

  /** Whether there are requests that fit both, and neither is meant for fewer than the other. */
  boolean isAmbiguousWith(RouteMatch other) {
    return authority.equals(other.authority)
        && path.equals(other.path)
        && !excludes(other)
        && isNarrower(other) == other.isNarrower(this);
  }

  private boolean excludes(RouteMatch other) {
    return headers.stream().anyMatch(test -> other.headers.stream().anyMatch(test::excludes));
  }

  /** Whether whatever fits this by its headers fits the other as well. */
  private boolean isNarrower(RouteMatch other) {
    return other.headers.stream()
        .allMatch(wanted -> headers.stream().anyMatch(test -> test.implies(wanted)));
  }

  /** Greater than that of any match that this is narrower than. */
  long rank() {
    return headers.stream().mapToLong(HeaderTest::rank).sum();
  }

  boolean accepts(RequestHead head) {
    // No iterator: this is asked for each request.
    for (int i = 0; i < headers.size(); i++) {
      HeaderTest test = headers.get(i);
      if (!test.accepts(head.header(test.name()))) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    return authority + " " + path + (headers.isEmpty() ? "" : " " + headers);
  }
}
