package dev.holdfast.gateway.route;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouteTableTest {
  private static final List<RouteRule> RULES =
      List.of(
          rule("method", "*", "/orders.v1.Orders/Get"),
          rule("service", "*", "/orders.v1.Orders/*"),
          rule("package", "*", "/orders.v1.**"),
          rule("gets", "*", "/orders.v1.Orders/Get**"),
          rule("g", "*", "/orders.v1.Orders/G**"),
          rule("getm", "*", "/orders.v1.Orders/GetM**"),
          rule("getmany", "*", "/orders.v1.Orders/GetMany**"),
          rule("all", "*", "/**"),
          rule("item", "*", "/v1/orders/{id}"),
          rule("items", "*", "/v1/orders/{id}/items"),
          rule("new", "*", "/v1/orders/new"),
          rule("v1", "*", "/v1/**"),
          rule("root", "*", "/"),
          rule("host", "shop.example", "/**"),
          rule("port", "shop.example:8443", "/v1/**"),
          rule("sub", "*.shop.example", "/**"),
          rule("subsub", "*.eu.shop.example", "/v1/**"),
          rule("six", "[::1]", "/**"),
          rule("x-any", "hdr.example", "/**", present("x-user")),
          rule("x-test", "hdr.example", "/**", prefix("x-user", "test-")),
          rule("x-test-1", "hdr.example", "/**", exact("x-user", "test-1")),
          rule("x-both", "hdr.example", "/**", exact("x-user", "test-1"), present("x-b")),
          rule("hdr-v1", "hdr.example", "/v1/**", exact("x-v", "1")));

  private final RouteTable table = new RouteTable(RULES, bound -> 0);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "none",
      value = {
        // Paths, the most specific first.
        "a | /orders.v1.Orders/Get | '' | method",
        "a | /orders.v1.Orders/GetAll | '' | gets",
        "a | /orders.v1.Orders/GetManyMore | '' | getmany",
        "a | /orders.v1.Orders/GetMost | '' | getm",
        "a | /orders.v1.Orders/Give | '' | g",
        "a | /orders.v1.Orders/List | '' | service",
        "a | /orders.v1.Orders/ | '' | package",
        "a | /orders.v1.Other/Get | '' | package",
        "a | /orders.v1.Orders/List/x | '' | package",
        "a | /orders.v1.Orders/Get/x | '' | gets",
        "a | /orders.v1 | '' | all",
        "a | /ORDERS.v1.Orders/Get | '' | all",
        "a | /v1/orders/7 | '' | item",
        "a | /v1/orders/new | '' | new",
        "a | /v1/orders/7/items | '' | items",
        "a | /v1/orders/new/items | '' | items",
        "a | /v1/orders//items | '' | v1",
        "a | /v1/orders/ | '' | v1",
        "a | /v1/ | '' | v1",
        "a | /v1 | '' | all",
        "a | / | '' | root",
        "a | // | '' | all",
        "a | /?x=/v1/ | '' | root",
        "a | /v1/orders/7?a=/b | '' | item",
        "a | '' | '' | none",
        "a | * | '' | none",
        "a | v1/orders | '' | none",
      })
  void theMostSpecificPathIsTaken(
      String authority, String path, String headers, @Nullable String expected) {
    assertThat(found(authority, path, headers)).isEqualTo(expected);
  }

  /** What accepts nothing there goes on with the next. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "none",
      value = {
        // Authorities, the most specific first.
        "shop.example | /x | '' | host",
        "SHOP.example | /x | '' | host",
        "shop.example. | /x | '' | host",
        "shop.example:80 | /x | '' | host",
        "shop.example:8443 | /v1/x | '' | port",
        "shop.example:8443 | /x | '' | host",
        "a.shop.example | /x | '' | sub",
        "a.b.shop.example:1 | /x | '' | sub",
        "a.eu.shop.example | /v1/x | '' | subsub",
        "a.eu.shop.example | /x | '' | sub",
        "eu.shop.example | /v1/x | '' | sub",
        "ashop.example | /x | '' | all",
        ".shop.example | /x | '' | all",
        "[::1]:8080 | /x | '' | six",
        "[::1] | /x | '' | six",
        "'' | /x | '' | all",
        // Headers, the narrowest first.
        "hdr.example | /x | x-user=test-1 x-b= | x-both",
        "hdr.example | /x | x-user=test-1 | x-test-1",
        "hdr.example | /x | x-user=test-12 | x-test",
        "hdr.example | /x | x-user=test | x-any",
        "hdr.example | /x | '' | all",
        "hdr.example | /v1/x | x-v=1 x-user=a | hdr-v1",
        "hdr.example | /v1/x | x-v=2 x-user=a | x-any",
        "hdr.example | /v1/x | x-v=2 | v1",
      })
  void theMostSpecificAuthorityAndThenTheNarrowestHeadersAreTaken(
      String authority, String path, String headers, @Nullable String expected) {
    assertThat(found(authority, path, headers)).isEqualTo(expected);
  }

  private @Nullable String found(String authority, String path, String headers) {
    Route route = table.find(TestRequest.of(authority, path, headers));
    return route == null ? null : route.name();
  }

  @Test
  void theOrderInWhichRoutesStandChangesNothing() {
    Random random = new Random(7);
    List<String> paths =
        List.of("/orders.v1.Orders/GetAll", "/v1/orders/new", "/v1/orders/7/items", "/", "/x");
    for (int i = 0; i < 50; i++) {
      List<RouteRule> shuffled = new ArrayList<>(RULES);
      Collections.shuffle(shuffled, random);
      RouteTable other = new RouteTable(shuffled, bound -> 0);
      for (String authority : List.of("a", "shop.example:8443", "x.eu.shop.example")) {
        for (String path : paths) {
          TestRequest testRequest = TestRequest.of(authority, path);
          assertThat(other.find(testRequest)).isEqualTo(table.find(testRequest));
        }
      }
      TestRequest testRequest = TestRequest.of("hdr.example", "/x", "x-user=test-1 x-b=2");
      assertThat(other.find(testRequest)).isEqualTo(table.find(testRequest));
    }
  }

  @Test
  void whatFindsNothingBelowALiteralGoesOnWithTheNextBranch() {
    RouteTable deep =
        new RouteTable(
            List.of(rule("literal", "*", "/a/b/c"), rule("wild", "*", "/*/b/d")), bound -> 0);
    assertThat(name(deep, "/a/b/d")).isEqualTo("wild");
    assertThat(name(deep, "/a/b/c")).isEqualTo("literal");
    assertThat(deep.find(TestRequest.of("", "/a/b"))).isNull();
  }

  @Test
  void callsAreDividedAsTheSharesSay() {
    RouteTarget target =
        new RouteTarget(
            List.of(
                new RouteTarget.RouteClusterWeight("a", 9_000),
                new RouteTarget.RouteClusterWeight("none", 0),
                new RouteTarget.RouteClusterWeight("b", 1_000)));
    AtomicInteger next = new AtomicInteger();
    RouteRule rule = new RouteRule("split", match("*", "/**"), target, RouteOptions.DEFAULT);
    RouteTable split = new RouteTable(List.of(rule), bound -> next.getAndIncrement() % bound);
    int toB = 0;
    for (int i = 0; i < RouteTarget.WHOLE; i++) {
      Route route = requireNonNull(split.find(TestRequest.of("", "/x")));
      assertThat(route.cluster()).isNotEqualTo("none");
      toB += route.cluster().equals("b") ? 1 : 0;
    }
    assertThat(toB).isEqualTo(1_000);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | '' | true",
        "x-a=1 | x-a=1 | true",
        "x-a=1 | x-b=1 | true",
        "x-a=1 | x-a=2 | false",
        "x-a=1 | '' | false",
        "x-a=1 x-b=1 | x-a=1 | false",
        "x-a=1 x-b=1 | x-b=1 x-c=1 | true",
        "x-a=1 x-b=1 | x-a=2 x-c=1 | false",
        "x-a=ab* | x-a=a* | false",
        "x-a=ab* | x-a=ac* | false",
        "x-a=ab* | x-a=abc | false",
        "x-a=ab* | x-a=b | false",
        "x-a=ab* | x-a=* | false",
        "x-a=ab* x-b=* | x-a=* x-b=1 | true",
      })
  void twoOfWhichNeitherIsMoreSpecificAreRefused(String a, String b, boolean ambiguous) {
    List<RouteRule> rules =
        List.of(rule("one", "h", "/v1/{id}", tests(a)), rule("other", "H", "/v1/*", tests(b)));
    assertThat(RouteTable.conflicts(rules))
        .isEqualTo(ambiguous ? List.of(new RouteTable.RouteConflict(0, 1)) : List.of());
    if (ambiguous) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new RouteTable(rules, bound -> 0))
          .withMessageContaining("one and other");
    }
  }

  @Test
  void aLookupMakesNoObjects() {
    Router services = new ServiceRouter(Map.of("orders", Set.of("a.B")), RouteOptions.DEFAULT);
    Router both = new FallbackRouter(table, services);
    List<TestRequest> testRequests =
        List.of(
            TestRequest.of("a.eu.shop.example:443", "/orders.v1.Orders/GetAll"),
            TestRequest.of("hdr.example", "/v1/x", "x-v=2 x-user=a"),
            TestRequest.of("localhost:8080", "/a.B/C"),
            TestRequest.of("nobody", "*"));
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    lookUp(both, services, testRequests);
    long before = threads.getCurrentThreadAllocatedBytes();
    lookUp(both, services, testRequests);
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1_000 * 16);
  }

  /** A thousand times each. */
  private static void lookUp(Router both, Router services, List<TestRequest> testRequests) {
    for (int i = 0; i < 1_000; i++) {
      for (int h = 0; h < 4; h++) {
        both.find(testRequests.get(h));
        services.find(testRequests.get(h));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"v1", "''", "/a/**/b", "/a*", "/a/{b", "/a?x", "/a b", "/**x", "/{}", "/***"})
  void aPathThatMeansNothingIsRefused(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PathPattern.parse("path", text))
        .withMessageStartingWith("path: \"" + text + "\" (expected: ");
  }

  @ParameterizedTest
  @CsvSource({"a b", "''", "*a", "*.a:80", "a:", "a:123456", "a/b", "a..b", "*.*"})
  void anAuthorityThatMeansNothingIsRefused(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> AuthorityPattern.parse("authority", text))
        .withMessageStartingWith("authority: \"" + text + "\" (expected: ");
  }

  @Test
  void aPathThatIsTooDeepIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PathPattern.parse("path", "/a".repeat(PathPattern.MAX_SEGMENTS + 1)))
        .withMessage("path: 33 segments (expected: at most 32)");
    assertThat(PathPattern.parse("path", "/a".repeat(PathPattern.MAX_SEGMENTS)).segments())
        .hasSize(PathPattern.MAX_SEGMENTS);
  }

  private static @Nullable String name(Router router, String path) {
    Route route = router.find(TestRequest.of("", path));
    return route == null ? null : route.name();
  }

  @Test
  void routesAreCacheableUnlessHeadersOrSharesDecide() {
    RouteRule plain = rule("plain", "a", "/**");
    RouteTarget halves =
        new RouteTarget(
            List.of(
                new RouteTarget.RouteClusterWeight("one", 5_000),
                new RouteTarget.RouteClusterWeight("two", 5_000)));
    RouteRule shared = new RouteRule("shared", plain.match(), halves, plain.options());
    RouteRule byHeader = rule("header", "b", "/**", present("x-user"));
    assertThat(new RouteTable(List.of(plain), bound -> 0).isCacheable()).isTrue();
    assertThat(new RouteTable(List.of(shared), bound -> 0).isCacheable()).isFalse();
    assertThat(new RouteTable(List.of(plain, byHeader), bound -> 0).isCacheable()).isFalse();
    Router cacheable = new RouteTable(List.of(plain), bound -> 0);
    assertThat(new FallbackRouter(cacheable, cacheable).isCacheable()).isTrue();
    assertThat(new FallbackRouter(cacheable, table).isCacheable()).isFalse();
    assertThat(new FallbackRouter(table, cacheable).isCacheable()).isFalse();
  }

  private static RouteRule rule(String name, String authority, String path, HeaderMatch... tests) {
    RouteMatch match =
        new RouteMatch(
            AuthorityPattern.parse("authority", authority),
            PathPattern.parse("path", path),
            List.of(tests));
    return new RouteRule(name, match, RouteTarget.to("c"), RouteOptions.DEFAULT);
  }

  private static RouteMatch match(String authority, String path) {
    return rule("", authority, path).match();
  }

  private static HeaderMatch[] tests(String text) {
    return TestRequest.of("", "", text).headers().entrySet().stream()
        .map(
            e ->
                e.getValue().equals("*")
                    ? present(e.getKey())
                    : e.getValue().endsWith("*")
                        ? prefix(e.getKey(), e.getValue().replace("*", ""))
                        : exact(e.getKey(), e.getValue()))
        .toArray(HeaderMatch[]::new);
  }

  private static HeaderMatch exact(String name, String value) {
    return new HeaderMatch(name, HeaderMatch.HeaderMatchKind.EXACT, value);
  }

  private static HeaderMatch prefix(String name, String value) {
    return new HeaderMatch(name, HeaderMatch.HeaderMatchKind.PREFIX, value);
  }

  private static HeaderMatch present(String name) {
    return new HeaderMatch(name, HeaderMatch.HeaderMatchKind.PRESENT, "");
  }
}
