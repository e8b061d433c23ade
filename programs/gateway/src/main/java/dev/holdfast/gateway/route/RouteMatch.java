package dev.holdfast.gateway.route;

import java.util.List;

/**
 * The condition that a request must meet for a route.
 *
 * @param authority the accepted authorities
 * @param path the accepted paths
 * @param headers tests that must all pass; at most one for each name
 */
public record RouteMatch(AuthorityPattern authority, PathPattern path, List<HeaderMatch> headers) {
  public RouteMatch {
    headers = List.copyOf(headers);
    long names = headers.stream().map(HeaderMatch::name).distinct().count();
    if (names != headers.size()) {
      throw new IllegalArgumentException("headers: a name twice (expected: each once)");
    }
  }

  /** Whether some requests meet both conditions, and neither condition is more specific. */
  boolean isAmbiguousWith(RouteMatch other) {
    return authority.equals(other.authority)
        && path.equals(other.path)
        && !excludes(other)
        && isNarrower(other) == other.isNarrower(this);
  }

  private boolean excludes(RouteMatch other) {
    return headers.stream().anyMatch(test -> other.headers.stream().anyMatch(test::excludes));
  }

  /**
   * Whether each request that meets the header tests of this condition meets those of the other
   * one.
   */
  private boolean isNarrower(RouteMatch other) {
    return other.headers.stream()
        .allMatch(wanted -> headers.stream().anyMatch(test -> test.implies(wanted)));
  }

  /**
   * The rank of this condition: higher than that of any condition that this one is narrower than.
   */
  long rank() {
    return headers.stream().mapToLong(HeaderMatch::rank).sum();
  }

  boolean accepts(RequestHead head) {
    // No iterator: this is asked for each request.
    for (int i = 0; i < headers.size(); i++) {
      HeaderMatch test = headers.get(i);
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
