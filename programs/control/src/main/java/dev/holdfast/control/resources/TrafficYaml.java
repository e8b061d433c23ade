package dev.holdfast.control.resources;

import dev.holdfast.core.NearestName;
import dev.holdfast.yaml.YamlMap;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The parser of one service's split and routes. */
final class TrafficYaml {
  private static final int TYPING_ERRORS = 2;
  private static final Set<String> ROUTE_KEYS =
      Set.of("path", "headers", "percent", "to", "timeout");
  private static final Set<String> TESTS =
      Set.of("exact", "prefix", "suffix", "contains", "present");

  private final YamlMap service;
  private final Map<String, Map<String, String>> subsets;

  TrafficYaml(YamlMap service, Map<String, Map<String, String>> subsets) {
    this.service = service;
    this.subsets = subsets;
  }

  TrafficPolicy read() {
    TrafficSplit trafficSplit = service.has("split") ? shares(service, "split") : TrafficSplit.NONE;
    YamlMap items = service.list("routes", "a list of routes");
    if (items.keys().size() > PolicyKeys.MAX_ROUTES) {
      service.problem(
          "routes", items.keys().size() + " routes", "at most " + PolicyKeys.MAX_ROUTES);
    }
    List<PolicyRoute> routes = new ArrayList<>();
    for (String item : items.keys()) {
      routes.add(route(items.map(item, "keys such as headers and to")));
    }
    return new TrafficPolicy(subsets, trafficSplit, routes);
  }

  private PolicyRoute route(YamlMap route) {
    route.requireKnown(ROUTE_KEYS);
    return new PolicyRoute(
        route.parsed("path", PathRule.EXPECTED, PathRule::parse),
        headers(route.map("headers", PolicyKeys.HEADERS.expected())),
        route.parsed("percent", Percent.EXPECTED, Percent::parse).orElse(Percent.ALL),
        to(route),
        route.duration("timeout", PolicyKeys.TIMEOUT));
  }

  private TrafficSplit to(YamlMap route) {
    if (!route.has("to")) {
      return TrafficSplit.NONE;
    }
    if (!route.isText("to")) {
      return shares(route, "to");
    }
    Optional<String> subset = route.text("to", PolicyKeys.TO.expected());
    subset.ifPresent(name -> requireSubset(route, "to", name));
    return subset.map(TrafficSplit::to).orElse(TrafficSplit.NONE);
  }

  private TrafficSplit shares(YamlMap above, String key) {
    YamlMap map = above.map(key, PolicyKeys.SPLIT.expected());
    Map<String, Percent> shares = new LinkedHashMap<>();
    for (String subset : map.keys()) {
      requireSubset(map, subset, subset);
      map.parsed(subset, Percent.EXPECTED, Percent::parse).ifPresent(p -> shares.put(subset, p));
    }
    try {
      return new TrafficSplit(shares);
    } catch (IllegalArgumentException e) {
      int sum = shares.values().stream().mapToInt(Percent::hundredths).sum();
      above.problem(key, sum / 100 + "% in all", "at most 100%");
      return TrafficSplit.NONE;
    }
  }

  private void requireSubset(YamlMap at, String key, String name) {
    if (!subsets.containsKey(name)) {
      String nearest = NearestName.of(name, subsets.keySet(), TYPING_ERRORS);
      at.problem(
          key,
          name + " is no subset",
          !nearest.isEmpty()
              ? nearest
              : subsets.isEmpty()
                  ? "a name from subsets, of which the service has none"
                  : "one of " + String.join(", ", subsets.keySet()));
    }
  }

  private static List<HeaderRule> headers(YamlMap headers) {
    List<HeaderRule> rules = new ArrayList<>();
    for (String name : headers.keys()) {
      if (!HeaderRule.isName(name)) {
        headers.problem(name, "no name", HeaderRule.EXPECTED_NAME);
      } else if (headers.isText(name)) {
        headers
            .text(name, "a text, or {present: true}")
            .ifPresent(v -> rules.add(new HeaderRule(name, HeaderRule.HeaderComparison.EXACT, v)));
      } else {
        header(headers, name).ifPresent(rules::add);
      }
    }
    return rules;
  }

  private static Optional<HeaderRule> header(YamlMap headers, String name) {
    YamlMap test = headers.map(name, PolicyKeys.HEADERS.expected());
    test.requireKnown(TESTS);
    if (test.keys().size() != 1) {
      headers.problem(
          name, test.keys().size() + " tests", "one of exact, prefix, suffix, contains, present");
      return Optional.empty();
    }
    String key = test.keys().iterator().next();
    Optional<String> value = test.text(key, "a text");
    if (!TESTS.contains(key) || value.isEmpty()) {
      return Optional.empty();
    }
    HeaderRule.HeaderComparison kind =
        HeaderRule.HeaderComparison.valueOf(key.toUpperCase(Locale.ROOT));
    boolean flag = value.get().equals("true") || value.get().equals("false");
    if (kind == HeaderRule.HeaderComparison.PRESENT && !flag) {
      test.problem(key, value.get(), "true or false");
      return Optional.empty();
    }
    if (value.get().isEmpty() && kind != HeaderRule.HeaderComparison.EXACT) {
      test.problem(key, "an empty text", "a text");
      return Optional.empty();
    }
    return Optional.of(new HeaderRule(name, kind, value.get()));
  }
}
