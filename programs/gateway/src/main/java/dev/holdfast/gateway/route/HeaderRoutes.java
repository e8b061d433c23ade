package dev.holdfast.gateway.route;

import java.util.Comparator;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/** The routes of one authority and path, distinguished by headers; the most specific first. */
final class HeaderRoutes {
  private final Candidate[] candidates;
  private final IntUnaryOperator chance;

  /** A rule with one route per cluster of its target. */
  private static final class Candidate {
    private final RouteMatch match;
    private final Route[] routes;
    private final int[] upTo;

    Candidate(RouteRule rule) {
      List<RouteTarget.RouteClusterWeight> routeClusterWeights =
          rule.target().shares().stream()
              .filter(routeClusterWeight -> routeClusterWeight.hundredths() > 0)
              .toList();
      match = rule.match();
      routes = new Route[routeClusterWeights.size()];
      upTo = new int[routeClusterWeights.size()];
      int sum = 0;
      for (int i = 0; i < routes.length; i++) {
        sum += routeClusterWeights.get(i).hundredths();
        upTo[i] = sum;
        routes[i] = new Route(rule.name(), routeClusterWeights.get(i).cluster(), rule.options());
      }
    }

    Route route(IntUnaryOperator chance) {
      if (routes.length == 1) {
        return routes[0];
      }
      int drawn = chance.applyAsInt(RouteTarget.WHOLE);
      int i = 0;
      while (drawn >= upTo[i]) {
        i++;
      }
      return routes[i];
    }
  }

  HeaderRoutes(List<RouteRule> rules, IntUnaryOperator chance) {
    this.chance = chance;
    this.candidates =
        rules.stream()
            .sorted(Comparator.comparingLong((RouteRule rule) -> rule.match().rank()).reversed())
            .map(Candidate::new)
            .toArray(Candidate[]::new);
  }

  @Nullable Route find(RequestHead head) {
    for (Candidate candidate : candidates) {
      if (candidate.match.accepts(head)) {
        return candidate.route(chance);
      }
    }
    return null;
  }
}
