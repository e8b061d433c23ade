package dev.holdfast.gateway.config;

import dev.holdfast.gateway.cors.CorsPolicy;
import dev.holdfast.gateway.route.AuthorityPattern;
import dev.holdfast.gateway.route.HeaderMatch;
import dev.holdfast.gateway.route.PathPattern;
import dev.holdfast.gateway.route.RetryPolicy;
import dev.holdfast.gateway.route.RouteMatch;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.gateway.route.RouteRule;
import dev.holdfast.gateway.route.RouteTable;
import dev.holdfast.gateway.route.RouteTarget;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import dev.holdfast.yaml.YamlMap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Parser of the routes in a gateway's file. */
final class RouteYaml {
  private static final int HUNDREDTHS = 100;
  private static final Pattern PERCENT = Pattern.compile("(\\d{1,3})(?:\\.(\\d{1,2}))?%");
  private static final RouteTarget NOWHERE = RouteTarget.to("");

  private final YamlMap top;
  private final ClusterNames clusters;

  /**
   * Routes with an invalid match. Their specificity is unknown, so they are left out of the
   * conflict check.
   */
  private final Set<RouteRule> unclear = Collections.newSetFromMap(new IdentityHashMap<>());

  RouteYaml(YamlMap top, Set<String> clusters) {
    this.top = top;
    this.clusters = new ClusterNames(clusters);
  }

  List<RouteRule> read() {
    YamlMap items = top.list(GatewayKeys.ROUTES, "a list of routes");
    if (items.keys().size() > GatewayKeys.MAX_ROUTES) {
      top.problem(
          GatewayKeys.ROUTES, items.keys().size() + " routes", "at most " + GatewayKeys.MAX_ROUTES);
      return List.of();
    }
    List<RouteRule> routes = new ArrayList<>();
    for (String item : items.keys()) {
      routes.add(route(items.map(item, "keys such as path and cluster"), items.child(item)));
    }
    List<String> numbers = List.copyOf(items.keys());
    for (RouteTable.RouteConflict routeConflict : RouteTable.conflicts(routes)) {
      if (unclear.contains(routes.get(routeConflict.first()))
          || unclear.contains(routes.get(routeConflict.second()))) {
        continue;
      }
      String first = items.child(numbers.get(routeConflict.first()));
      items.problem(
          numbers.get(routeConflict.second()),
          "as specific as "
              + first
              + " in line "
              + items.lineOf(numbers.get(routeConflict.first()))
              + ", and the same call may fit both",
          "another authority, path or header, or all headers of the other and more");
    }
    return routes;
  }

  private RouteRule route(YamlMap route, String place) {
    int before = route.problemCount();
    route.requireKnown(GatewayKeys.ROUTE.names());
    RouteMatch match =
        new RouteMatch(
            route
                .parsed("authority", GatewayKeys.AUTHORITY.expected(), AuthorityPattern::parse)
                .orElse(AuthorityPattern.ANY),
            route
                .parsed("path", GatewayKeys.PATH.expected(), PathPattern::parse)
                .orElse(new PathPattern(List.of("**"))),
            headers(route));
    boolean clear = route.problemCount() == before;
    String name = route.text("name", GatewayKeys.NAME.expected()).orElse(place);
    RouteRule rule = new RouteRule(name, match, target(route), options(route));
    if (!clear) {
      unclear.add(rule);
    }
    return rule;
  }

  private static List<HeaderMatch> headers(YamlMap route) {
    YamlMap headers = route.map(GatewayKeys.HEADERS, "names with a text or a test");
    if (headers.keys().size() > GatewayKeys.MAX_HEADERS) {
      route.problem(
          GatewayKeys.HEADERS,
          headers.keys().size() + " headers",
          "at most " + GatewayKeys.MAX_HEADERS);
    }
    List<HeaderMatch> tests = new ArrayList<>();
    for (String name : headers.keys()) {
      if (!HeaderMatch.isName(name)) {
        headers.problem(name, "no name", HeaderMatch.EXPECTED_NAME);
      } else if (headers.isText(name)) {
        headers
            .text(name, "a text, or {present: true}")
            .ifPresent(v -> tests.add(new HeaderMatch(name, HeaderMatch.HeaderMatchKind.EXACT, v)));
      } else {
        header(headers, name).ifPresent(tests::add);
      }
    }
    return tests;
  }

  private static Optional<HeaderMatch> header(YamlMap headers, String name) {
    YamlMap test = headers.map(name, "a text, or one of exact, prefix, present");
    test.requireKnown(GatewayKeys.HEADER.names());
    if (headers.hasProblem(name)) {
      return Optional.empty();
    }
    if (test.keys().size() != 1) {
      headers.problem(name, test.keys().size() + " tests", "one of exact, prefix, present");
      return Optional.empty();
    }
    String key = test.keys().iterator().next();
    Optional<String> value = test.text(key, "a text");
    if (!GatewayKeys.HEADER.names().contains(key) || value.isEmpty()) {
      return Optional.empty();
    }
    HeaderMatch.HeaderMatchKind headerMatchKind =
        HeaderMatch.HeaderMatchKind.valueOf(key.toUpperCase(Locale.ROOT));
    if (headerMatchKind == HeaderMatch.HeaderMatchKind.PRESENT) {
      if (!value.get().equals("true")) {
        test.problem(key, value.get(), GatewayKeys.PRESENT.expected());
      }
      return Optional.of(new HeaderMatch(name, headerMatchKind, ""));
    }
    return Optional.of(new HeaderMatch(name, headerMatchKind, value.get()));
  }

  private RouteTarget target(YamlMap route) {
    boolean split = route.has(GatewayKeys.SPLIT);
    if (split == route.has("cluster")) {
      route.problem(
          split ? GatewayKeys.SPLIT : "cluster",
          split ? "beside cluster" : "nothing",
          split ? "one of the two" : clusters.expected("") + ", or split");
      return NOWHERE;
    }
    if (!split) {
      Optional<String> name = route.text("cluster", clusters.expected(""));
      name.ifPresent(cluster -> clusters.require(route, "cluster", cluster));
      return name.map(RouteTarget::to).orElse(NOWHERE);
    }
    return shares(route);
  }

  private RouteTarget shares(YamlMap route) {
    YamlMap map = route.map(GatewayKeys.SPLIT, "clusters, each with a percentage");
    List<RouteTarget.RouteClusterWeight> routeClusterWeights = new ArrayList<>();
    for (String cluster : map.keys()) {
      clusters.require(map, cluster, cluster);
      map.parsed(cluster, GatewayKeys.SHARE.expected(), RouteYaml::percent)
          .ifPresent(
              part -> routeClusterWeights.add(new RouteTarget.RouteClusterWeight(cluster, part)));
    }
    if (map.keys().size() > GatewayKeys.MAX_SHARES) {
      route.problem(
          GatewayKeys.SPLIT, map.keys().size() + " clusters", "at most " + GatewayKeys.MAX_SHARES);
    }
    int sum =
        routeClusterWeights.stream().mapToInt(RouteTarget.RouteClusterWeight::hundredths).sum();
    if (sum == RouteTarget.WHOLE) {
      return new RouteTarget(routeClusterWeights);
    }
    if (routeClusterWeights.size() == map.keys().size() && !route.hasProblem(GatewayKeys.SPLIT)) {
      route.problem(GatewayKeys.SPLIT, shown(sum) + " in all", "100%");
    }
    return NOWHERE;
  }

  private static int percent(String name, String text) {
    Matcher matcher = PERCENT.matcher(text);
    if (matcher.matches()) {
      String fraction = matcher.group(2) == null ? "" : matcher.group(2);
      int parts =
          Integer.parseInt(matcher.group(1)) * HUNDREDTHS
              + Integer.parseInt((fraction + "00").substring(0, 2));
      if (parts <= RouteTarget.WHOLE) {
        return parts;
      }
    }
    throw new IllegalArgumentException(
        name + ": " + text + " (expected: " + GatewayKeys.SHARE.expected() + ")");
  }

  private static String shown(int hundredths) {
    int rest = hundredths % HUNDREDTHS;
    return hundredths / HUNDREDTHS
        + (rest == 0 ? "" : String.format(Locale.ROOT, ".%02d", rest))
        + "%";
  }

  private static RouteOptions options(YamlMap route) {
    Duration deadline = GatewayYaml.duration(route, GatewayKeys.DEADLINE);
    Duration longest = GatewayYaml.duration(route, GatewayKeys.MAX_DEADLINE);
    if (!longest.isZero() && deadline.compareTo(longest) > 0) {
      route.problem("deadline", "longer than max-deadline", "at most max-deadline");
    }
    Duration age = GatewayYaml.duration(route, GatewayKeys.STREAM_AGE);
    if (!age.isZero() && age.compareTo(RouteOptions.LEAST_AGE) < 0) {
      route.problem("stream-age", "less than 1s", "0s, or 1s to 24h");
      age = Duration.ZERO;
    }
    Optional<String> hash = route.text("hash-header", GatewayKeys.HASH_HEADER.expected());
    hash.filter(name -> !HeaderMatch.isName(name))
        .ifPresent(name -> route.problem("hash-header", name, HeaderMatch.EXPECTED_NAME));
    YamlMap retry = route.map(GatewayKeys.RETRY, "keys such as attempts");
    retry.requireKnown(GatewayKeys.RETRY_KEYS.names());
    boolean idempotent =
        retry
            .parsed("idempotent", GatewayKeys.IDEMPOTENT.expected(), RouteYaml::flag)
            .orElse(false);
    return new RouteOptions(
        deadline,
        longest,
        new RetryPolicy(
            GatewayYaml.number(retry, GatewayKeys.ATTEMPTS), idempotent, statuses(retry)),
        hash,
        age,
        cors(route),
        route.parsed("compress", GatewayKeys.COMPRESS.expected(), RouteYaml::flag).orElse(true),
        ResumeYaml.read(route));
  }

  private static Optional<CorsPolicy> cors(YamlMap route) {
    if (route.has(FrontendKeys.CORS) && route.has(GatewayKeys.HEADERS)) {
      route.problem(
          FrontendKeys.CORS,
          "beside headers",
          "on the route without them, as a browser's question does not bring them");
    }
    return FrontendYaml.cors(route);
  }

  private static Set<GrpcStatusCode> statuses(YamlMap retry) {
    YamlMap items = retry.list("statuses", GatewayKeys.STATUSES.expected());
    EnumSet<GrpcStatusCode> statuses = EnumSet.noneOf(GrpcStatusCode.class);
    for (String item : items.keys()) {
      items
          .parsed(item, GatewayKeys.STATUSES.expected(), RouteYaml::status)
          .ifPresent(statuses::add);
    }
    return statuses;
  }

  private static GrpcStatusCode status(String name, String text) {
    for (GrpcStatusCode code : GrpcStatusCode.values()) {
      if (code != GrpcStatusCode.OK && code.name().equals(text)) {
        return code;
      }
    }
    throw new IllegalArgumentException(
        name + ": " + text + " (expected: a status such as UNAVAILABLE, never OK)");
  }

  private static boolean flag(String name, String text) {
    if (!GatewayKeys.IDEMPOTENT.words().contains(text)) {
      throw new IllegalArgumentException(
          name + ": " + text + " (expected: " + GatewayKeys.IDEMPOTENT.expected() + ")");
    }
    return text.equals("true");
  }
}
