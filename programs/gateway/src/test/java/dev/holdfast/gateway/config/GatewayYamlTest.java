package dev.holdfast.gateway.config;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.gateway.DrainTimes;
import dev.holdfast.gateway.cluster.ClusterLbPolicy;
import dev.holdfast.gateway.cluster.ClusterOptions;
import dev.holdfast.gateway.cluster.LoadBalancingOptions;
import dev.holdfast.gateway.cluster.OutlierOptions;
import dev.holdfast.gateway.cluster.RetryBudgetOptions;
import dev.holdfast.gateway.health.HealthCheckOptions;
import dev.holdfast.gateway.health.HealthMethod;
import dev.holdfast.gateway.route.ResumePolicy;
import dev.holdfast.gateway.route.RetryPolicy;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.gateway.route.RouteRule;
import dev.holdfast.gateway.route.RouteTarget;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import dev.holdfast.yaml.YamlException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GatewayYamlTest {
  private static final String WHOLE =
      """
      listeners:
        - address: 0.0.0.0:8080
      registry: etcd://h1,h2:2379/prod
      zone: a
      clusters:
        orders: {}
        stock:
          target: file:///run/services/stock
          balance: ring_hash
          max-connections: 4
          connect-timeout: 1s
          connection-age: 1h
          slow-start: 0s
          outliers: {faults: 0, within: 1m, ejection: 1s, most-percent: 10}
          retries: {percent: 5, burst: 10}
        old:
          endpoints: [10.0.0.1:50051, "[::1]:50052"]
      routes:
        - name: get
          authority: "*.Shop.example"
          path: /orders.v1.Orders/Get
          headers: {x-user: test, x-debug: {present: true}, x-v: {prefix: "1."}}
          split: {orders: 99.5%, old: 0.5%}
          deadline: 2s
          max-deadline: 10s
          stream-age: 5m
          compress: false
          retry: {attempts: 3, idempotent: true, statuses: [UNAVAILABLE, ABORTED]}
          resume: {ttl: 30s, buffer-bytes: 65536, sessions: 9, total-bytes: 99999, principal: [x-user, "cookie:sid"], service-sessions: false}
        - cluster: stock
          hash-header: x-user
      limits:
        streams: 100
        idle: 10m
      drain:
        unary: 10s
        streams: 1m
      """;

  /** The policy in the file above. */
  private static final ResumePolicy RESUME =
      new ResumePolicy(
          Duration.ofSeconds(30), 65_536, 9, 99_999, List.of("x-user", "cookie:sid"), false);

  @Test
  void aWholeFileIsRead() {
    GatewayConfig config = parse(WHOLE);

    assertThat(config.listeners()).hasSize(1);
    assertThat(config.listeners().get(0).address().toString()).isEqualTo("/0.0.0.0:8080");
    assertThat(config.registry()).contains(RegistryUri.parse("etcd://h1,h2:2379/prod"));
    assertThat(config.zone()).isEqualTo("a");
    assertThat(config.clusters().get("orders"))
        .isEqualTo(
            ClusterConfig.following(
                ServiceTarget.parse("etcd://h1,h2:2379/prod/orders"), ClusterOptions.DEFAULT));
    assertThat(config.clusters().get("stock"))
        .isEqualTo(
            ClusterConfig.following(
                ServiceTarget.parse("file:///run/services/stock"),
                ClusterOptions.DEFAULT
                    .withMaxConnections(4)
                    .withConnectTimeout(Duration.ofSeconds(1))
                    .withConnectionAge(Duration.ofHours(1))
                    .withLoadBalancing(
                        new LoadBalancingOptions(ClusterLbPolicy.RING_HASH, "", Duration.ZERO))
                    .withOutliers(
                        new OutlierOptions(0, Duration.ofMinutes(1), Duration.ofSeconds(1), 10))
                    .withRetries(new RetryBudgetOptions(5, 10))));
    ClusterConfig old = requireNonNull(config.clusters().get("old"));
    assertThat(old.target()).isEmpty();
    assertThat(old.endpoints().size()).isEqualTo(2);
    RouteRule get = config.routes().get(0);
    assertThat(get.name()).isEqualTo("get");
    assertThat(get.match().authority().text()).isEqualTo("*.shop.example");
    assertThat(get.match().headers()).hasSize(3);
    assertThat(get.target().shares())
        .containsExactly(
            new RouteTarget.RouteClusterWeight("orders", 9_950),
            new RouteTarget.RouteClusterWeight("old", 50));
    assertThat(get.options())
        .isEqualTo(
            new RouteOptions(
                Duration.ofSeconds(2),
                Duration.ofSeconds(10),
                new RetryPolicy(
                    3, true, Set.of(GrpcStatusCode.UNAVAILABLE, GrpcStatusCode.ABORTED)),
                Optional.empty(),
                Duration.ofMinutes(5),
                Optional.empty(),
                false,
                Optional.of(RESUME)));
    RouteRule rest = config.routes().get(1);
    assertThat(rest.name()).isEqualTo("routes[1]");
    assertThat(rest.match().path()).hasToString("/**");
    assertThat(rest.options().hashHeader()).contains("x-user");
    assertThat(config.limits().streams()).isEqualTo(100);
    assertThat(config.limits().idle()).isEqualTo(Duration.ofMinutes(10));
    assertThat(config.drain())
        .isEqualTo(
            new DrainTimes(DrainTimes.ACKNOWLEDGE, Duration.ofSeconds(10), Duration.ofMinutes(1)));
  }

  @Test
  void whatMakesNoSenseForEndpointsIsRefused() {
    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(
            () ->
                parse(
                    """
                    clusters:
                      a: {endpoints: [a:1], connection-age: 10ms, slow-start: 2h}
                      b: {endpoints: [b:1], outliers: {fault: 3, most-percent: 101}}
                      c: {endpoints: [c:1], retries: {percents: 3, burst: 100001}}
                    routes:
                      - cluster: a
                        retry: {statuses: [UNAVAILABLE, OK, busy]}
                    """))
        .withMessageContaining("connection-age: less than 1s (expected: 0s, or 1s to 24h)")
        .withMessageContaining("slow-start: 2h (expected: ")
        .withMessageContaining("outliers.fault: unknown (expected: faults)")
        .withMessageContaining("most-percent: 101 (expected: ")
        .withMessageContaining("retries.percents: unknown (expected: percent")
        .withMessageContaining("burst: 100001 (expected: 0 to 100000)")
        .withMessageContaining("statuses[1]: OK (expected: a status such as UNAVAILABLE, never OK)")
        .withMessageContaining("statuses[2]: busy (expected: ");
  }

  @Test
  void healthIsCheckedWhereTheFileSaysSo() {
    GatewayConfig config =
        parse(
            """
            clusters:
              a: {endpoints: [a:1]}
              b: {endpoints: [b:1], health: {}}
              c:
                endpoints: [c:1]
                health:
                  service: c.v1.C
                  method: check
                  interval: 2s
                  timeout: 300ms
                  unhealthy-threshold: 2
                  healthy-threshold: 4
            """);
    assertThat(config.health())
        .containsOnlyKeys("b", "c")
        .containsEntry("b", HealthCheckOptions.DEFAULT)
        .containsEntry(
            "c",
            new HealthCheckOptions(
                "c.v1.C",
                HealthMethod.CHECK,
                Duration.ofSeconds(2),
                Duration.ofMillis(300),
                new HealthCheckOptions.Thresholds(2, 4)));

    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(
            () ->
                parse(
                    """
                    clusters:
                      a:
                        endpoints: [a:1]
                        health:
                          intervall: 2s
                          method: ping
                          interval: 1ms
                          timeout: soon
                          healthy-threshold: 0
                    """))
        .withMessageContaining(
            "gateway.yaml:5: clusters.a.health.intervall: unknown (expected: interval")
        .withMessageContaining("gateway.yaml:6: clusters.a.health.method: ping (expected: watch or")
        .withMessageContaining("gateway.yaml:7: clusters.a.health.interval: 1ms (expected: 100ms")
        .withMessageContaining("gateway.yaml:8: clusters.a.health.timeout: \"soon\" (expected: ")
        .withMessageContaining("gateway.yaml:9: clusters.a.health.healthy-threshold: 0 (expected:");
  }

  @Test
  void anEmptyFileSaysNothing() {
    assertThat(parse("# nothing\n")).isEqualTo(GatewayConfig.EMPTY);
  }

  @Test
  void theRegistryOfTheCommandLineCountsWhereTheFileNamesNone() {
    RegistryUri own = RegistryUri.parse("file:///run/own");
    GatewayConfig config =
        GatewayYaml.parse("g", "clusters: {orders: {}}", ServiceTarget::parse, Optional.of(own));
    assertThat(config.registry()).contains(own);
    assertThat(requireNonNull(config.clusters().get("orders")).target())
        .contains(ServiceTarget.parse("file:///run/own/orders"));
  }

  @Test
  void everyMistakeIsToldInOnePass() {
    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(
            () ->
                parse(
                    """
                    clusters:
                      orders: {endpoints: [a:1], balanc: round_robin}
                      stock: {endpoints: [b:1]}
                    routes:
                      - cluster: ordres
                      - path: orders
                        cluster: stock
                      - {authoritty: a, cluster: stock}
                      - {cluster: stock}
                    limitz: {}
                    """))
        .satisfies(
            e ->
                assertThat(e.problems())
                    .containsExactly(
                        "gateway.yaml:2: clusters.orders.balanc: unknown (expected: balance)",
                        "gateway.yaml:5: routes[0].cluster: ordres (expected: one of clusters:"
                            + " orders, stock; did you mean orders?)",
                        "gateway.yaml:6: routes[1].path: \"orders\" (expected:"
                            + " /package.Service/Method, /package.Service/*, /v1/orders/{id} or"
                            + " /v1/**, ** at the end only)",
                        "gateway.yaml:8: routes[2].authoritty: unknown (expected: authority)",
                        "gateway.yaml:9: routes[3]: as specific as routes[0] in line 5, and the"
                            + " same call may fit both (expected: another authority, path or"
                            + " header, or all headers of the other and more)",
                        "gateway.yaml:10: limitz: unknown (expected: limits)"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[] | gateway.yaml:1: a list (expected: a map with",
        "clusters: {a: {endpoints: ['b:1'], tls: {ca: no.pem}}} | a.tls.ca: no.pem: not there (exp",
        "clusters: {a: {endpoints: ['b:1'], tls: {key: k}}} | a.tls.certificate: nothing (expected",
        "clusters: {a: {endpoints: ['b:1'], tls: {server-name: a b}}} | tls.server-name: a b (exp",
        "registry: nowhere | registry: \"nowhere\" (expected: scheme://",
        "registry: redis://h | registry: scheme: \"redis\" (expected: a known scheme)",
        "registry: etcd://u:p@h/x | registry: a URI with a password (expected: none; it is",
        "clusters: {a: } | clusters.a: neither target nor endpoints (expected: one of them",
        "clusters: {a: {target: etcd://u:p@h/x}} | clusters.a.target: a URI with a password",
        "clusters: {a: {target: 'statc:h'}} | clusters.a.target: registry: \"statc:h\" (expected:",
        "clusters: {a: {target: 'etcd://h:1'}} | clusters.a.target: ",
        "clusters: {a: {endpoints: []}} | clusters.a.endpoints: none (expected: a list of",
        "clusters: {a: {endpoints: [b]}} | clusters.a.endpoints[0]: b (expected: host:port, an",
        "clusters: {a: {endpoints: ['b:0']}} | clusters.a.endpoints[0]: b:0 (expected: host:port",
        "clusters: {a: {endpoints: ['b:1'], target: 'etcd://h/x'}} | clusters.a.target: beside",
        "clusters: {a: {endpoints: ['b:1'], balance: random}} | clusters.a.balance: random",
        "clusters: {a: {endpoints: ['b:1'], max-connections: 65}} | (expected: 1 to 64)",
        "clusters: {a: {endpoints: ['b:1'], connect-timeout: 5}} | (expected: a number and ms",
        "routes: [{}] | routes[0].cluster: nothing (expected: the name of a cluster under",
        "routes: [{cluster: a, split: {}}] | routes[0].split: beside cluster (expected: one of",
        "routes: [{split: {a: 50%}}] | routes[0].split.a: a (expected: the name of a cluster",
        "routes: [{split: {a: 50%}}] | routes[0].split: 50% in all (expected: 100%)",
        "routes: [{split: {a: 50}}] | routes[0].split.a: 50 (expected: 0% to 100%, such as",
        "routes: [{split: {a: 101%}}] | routes[0].split.a: 101% (expected: 0% to 100%, such as",
        "routes: [{authority: a b}] | routes[0].authority: \"a b\" (expected: a host, host:port",
        "routes: [{headers: {X-A: b}}] | routes[0].headers.X-A: no name (expected: a header's",
        "routes: [{headers: {x-a: {}}}] | routes[0].headers.x-a: 0 tests (expected: one of exact",
        "routes: [{headers: {x-a: {prefx: b}}}] | routes[0].headers.x-a.prefx: unknown",
        "routes: [{headers: {x-a: {present: no}}}] | routes[0].headers.x-a.present: no (expected",
        "routes: [{headers: {x-a: [b]}}] | routes[0].headers.x-a: a list (expected: a text, or",
        "routes: [{resume: {buffer-bytes: 9999, total-bytes: 9998}}] |"
            + " routes[0].resume.total-bytes: 9998, less than buffer-bytes (expected: at least"
            + " buffer-bytes)",
        "routes: [{resume: {service-sessions: no}}] | routes[0].resume.service-sessions: no (expe",
        "routes: [{resume: {principal: ['cookie:']}}] | routes[0].resume.principal[0]: cookie:"
            + " (expected: a header's name in small letters, or cookie:NAME)",
        "routes: [{stream-age: 500ms}] | routes[0].stream-age: less than 1s (expected: 0s, or 1s to"
            + " 24h)",
        "routes: [{deadline: 2m, max-deadline: 1m}] | routes[0].deadline: longer than max-dead",
        "routes: [{hash-header: X-A}] | routes[0].hash-header: X-A (expected: a header's name",
        "routes: [{retry: {attempts: 6}}] | routes[0].retry.attempts: 6 (expected: 1 to 5)",
        "routes: [{retry: {idempotent: yes}}] | routes[0].retry.idempotent: yes (expected: true",
        "routes: [{cors: {origins: ['https://a/b']}}] | routes[0].cors.origins[0]: https://a/b"
            + " (exp",
        "routes: [{cors: {origins: ['*']}, headers: {x-a: b}}] | routes[0].cors: beside headers"
            + " (exp",
        "limits: {streams: 0} | limits.streams: 0 (expected: 1 to 100000)",
        "limits: {connection-bytes: 100000} | limits.connection-bytes: 100000 (expected: at",
        "drain: {unary: 6m} | drain.streams: shorter than unary (expected: at least unary)",
        "drain: {unary: 1m, streams: 30s} | drain.streams: shorter than unary (expected: at",
      })
  void aMistakeIsToldWithWhatWasExpected(String text, String problem) {
    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(() -> parse(text))
        .withMessageContaining(problem);
  }

  @Test
  void noPasswordIsInAMessage() {
    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(
            () ->
                parse(
                    "registry: etcd://u:hunter2@h/x\n"
                        + "clusters: {a: {target: 'etcd://u:hunter2@h/x'}}"))
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("hunter2"));
  }

  static GatewayConfig parse(String text) {
    return parse(text, TlsFileLocation.HERE);
  }

  static GatewayConfig parse(String text, TlsFileLocation place) {
    return GatewayYaml.parse(
        "gateway.yaml",
        text,
        target -> {
          ServiceTarget parsed = ServiceTarget.parse(target);
          if (!Map.of("etcd", 1, "file", 1).containsKey(parsed.registry().scheme())) {
            throw new IllegalArgumentException(
                "scheme: \"" + parsed.registry().scheme() + "\" (expected: a known scheme)");
          }
          return parsed;
        },
        Optional.empty(),
        place);
  }
}
