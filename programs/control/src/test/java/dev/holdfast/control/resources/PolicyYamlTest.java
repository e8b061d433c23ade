package dev.holdfast.control.resources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.yaml.YamlMap;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyYamlTest {
  private static final String WHOLE =
      """
      # The policy of the shop.
      services:
        orders:
          subsets:
            v1: {version: 1}
            v2: {version: "2", track: canary}
          split: {v1: 60%, v2: 12.5%}
          routes:
            - headers: {x-canary: "true", x-user: {prefix: test-}}
              to: v2
            - path: /orders.v1.Orders/*
              percent: 5%
              to: {v1: 50%, v2: 50%}
              timeout: 10m
            - headers: {x-old: {present: false}}
          timeout: 30s
          max-calls: 5000
          balancer: ring_hash
          hash-header: x-user
          retry:
            methods: [/orders.v1.Orders/Get, /orders.v1.Search/*]
            on: [unavailable, resource-exhausted]
            attempts: 4
            backoff: 20ms
            max-backoff: 2s
          outliers:
            interval: 5s
            ejection: 1m
            max-ejected-percent: 30
            failure-percent: 50
            factor: 2500
            min-calls: 20
            min-instances: 3
            grpc-java: true
        billing:
          balancer: least_request
          choices: 4
      """;

  @Test
  void everyKeyIsRead() {
    Policy policy = PolicyYaml.parse("policy.yaml", WHOLE);

    assertThat(policy.services()).containsOnlyKeys("orders", "billing");
    trafficIsRead(policy.of("orders"));
    protectionIsRead(policy.of("orders"));
    assertThat(policy.of("billing").balancer())
        .isEqualTo(new LbPolicyRule(LbPolicyRule.LbPolicyKind.LEAST_REQUEST, "", 4));
  }

  private static void trafficIsRead(ServicePolicy orders) {
    assertThat(orders.traffic().subsets())
        .isEqualTo(
            Map.of("v1", Map.of("version", "1"), "v2", Map.of("version", "2", "track", "canary")));
    assertThat(orders.traffic().split())
        .isEqualTo(new TrafficSplit(Map.of("v1", new Percent(6_000), "v2", new Percent(1_250))));
    assertThat(orders.traffic().split().rest()).hasToString("27.5%");
    assertThat(orders.traffic().routes())
        .containsExactly(
            new PolicyRoute(
                Optional.empty(),
                List.of(
                    new HeaderRule("x-canary", HeaderRule.HeaderComparison.EXACT, "true"),
                    new HeaderRule("x-user", HeaderRule.HeaderComparison.PREFIX, "test-")),
                Percent.ALL,
                TrafficSplit.to("v2"),
                Optional.empty()),
            new PolicyRoute(
                Optional.of(new PathRule("/orders.v1.Orders/", true)),
                List.of(),
                new Percent(500),
                new TrafficSplit(Map.of("v1", new Percent(5_000), "v2", new Percent(5_000))),
                Optional.of(Duration.ofMinutes(10))),
            new PolicyRoute(
                Optional.empty(),
                List.of(new HeaderRule("x-old", HeaderRule.HeaderComparison.PRESENT, "false")),
                Percent.ALL,
                TrafficSplit.NONE,
                Optional.empty()));
  }

  private static void protectionIsRead(ServicePolicy orders) {
    assertThat(orders.timeout()).contains(Duration.ofSeconds(30));
    assertThat(orders.maxCalls()).hasValue(5_000);
    assertThat(orders.balancer())
        .isEqualTo(new LbPolicyRule(LbPolicyRule.LbPolicyKind.RING_HASH, "x-user", 2));
    assertThat(orders.retry())
        .contains(
            new RetryRule(
                List.of(
                    new PathRule("/orders.v1.Orders/Get", false),
                    new PathRule("/orders.v1.Search/", true)),
                List.of("unavailable", "resource-exhausted"),
                4,
                Duration.ofMillis(20),
                Duration.ofSeconds(2)));
    assertThat(orders.outliers())
        .contains(
            new OutlierRule(
                Duration.ofSeconds(5),
                Duration.ofMinutes(1),
                30,
                OptionalInt.of(50),
                OptionalInt.of(2_500),
                new OutlierRule.Volume(20, 3),
                true));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "# nothing yet\n", "services:\n", "services: {}\n"})
  void fileThatNamesNoServiceIsAPolicy(String text) {
    Policy policy = PolicyYaml.parse("policy.yaml", text);

    assertThat(policy).isEqualTo(Policy.NONE);
    assertThat(policy.of("orders")).isEqualTo(ServicePolicy.DEFAULT);
  }

  @Test
  void outliersWithoutKeysLookAtFailures() {
    Policy policy = PolicyYaml.parse("policy.yaml", "services: {orders: {outliers: }}");

    assertThat(policy.of("orders").outliers())
        .contains(
            new OutlierRule(
                Duration.ofSeconds(10),
                Duration.ofSeconds(30),
                10,
                OptionalInt.of(85),
                OptionalInt.empty(),
                new OutlierRule.Volume(50, 5),
                false));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "blancer: round_robin | 3: services.orders.blancer: unknown (expected: balancer)",
        "balancer: fair | 3: services.orders.balancer: fair (expected: round_robin or least_request"
            + " or ring_hash)",
        "balancer: ring_hash | 3: services.orders.balancer: ring_hash without hash-header"
            + " (expected: the header that is hashed)",
        "hash-header: x-user | 3: services.orders.hash-header: x-user (expected: only with"
            + " balancer: ring_hash)",
        "split: {v1: 10%} | 3: services.orders.split.v1: v1 is no subset (expected: a name from"
            + " subsets, of which the service has none)",
        "timeout: 5 | 3: services.orders.timeout: \"5\" (expected: a number and ms, s, m or h, such"
            + " as 250ms)",
        "timeout: 0s | 3: services.orders.timeout: 0s (expected: 1ms to 24h)",
        "timeout: [1s] | 3: services.orders.timeout: a list (expected: 1ms to 24h)",
        "max-calls: many | 3: services.orders.max-calls: many (expected: 1 to 2147483647)",
        "retry: {attempts: 2} | 3: services.orders.retry.methods: none (expected: the methods that"
            + " may be repeated although a server may have seen the call)",
        "retry: {methods: [/a.B/C], attempts: 9} | 3: services.orders.retry.attempts: 9 (expected:"
            + " 2 to 5)",
        "retry: {methods: [Get]} | 3: services.orders.retry.methods[0]: Get (expected:"
            + " /package.Service/Method or /package.Service/*)",
        "retry: {methods: [/a.B/C], on: [broken]} | 3: services.orders.retry.on[0]: broken"
            + " (expected: some of unavailable, resource-exhausted, cancelled, deadline-exceeded,"
            + " internal)",
        "outliers: {interval: 1ms} | 3: services.orders.outliers.interval: 1ms (expected: 100ms to"
            + " 1h)",
        "outliers: {grpc-java: maybe} | 3: services.orders.outliers.grpc-java: maybe (expected:"
            + " false or true)",
        "routes: {to: v1} | 3: services.orders.routes: a map (expected: a list of routes)",
        "routes: [{headers: {X-Upper: a}}] | 3: services.orders.routes[0].headers.X-Upper: no name"
            + " (expected: a header's name in small letters, none that ends with -bin or begins"
            + " with grpc-)",
        "routes: [{headers: {x-a: {prefx: a}}}] | 3: services.orders.routes[0].headers.x-a.prefx:"
            + " unknown (expected: prefix)",
        "routes: [{percent: 10}] | 3: services.orders.routes[0].percent: 10 (expected: 0% to 100%,"
            + " with two decimals at most)",
        "subsets: {v1: {}} | 3: services.orders.subsets.v1: nothing (expected: metadata such as"
            + " {version: \"2\"})",
      })
  void mistakeIsNamedWithItsLineAndWhatWasExpected(String key, String problem) {
    String text = "services:\n  orders:\n    " + key + "\n";

    assertThatExceptionOfType(PolicyException.class)
        .isThrownBy(() -> PolicyYaml.parse("policy.yaml", text))
        .withMessage("policy.yaml:" + problem);
  }

  @Test
  void keyThatStandsTwiceIsRefused() {
    String text = "services:\n  orders:\n    timeout: 1s\n    timeout: 2s\n";

    assertThatExceptionOfType(PolicyException.class)
        .isThrownBy(() -> PolicyYaml.parse("policy.yaml", text))
        .withMessage("policy.yaml:4: services.orders.timeout: twice (expected: once)");
  }

  @Test
  void sharesOfMoreThanEverythingAreRefused() {
    String text =
        """
        services:
          orders:
            subsets: {v1: {version: "1"}, v2: {version: "2"}}
            split:
              v1: 90%
              v2: 20%
        """;

    assertThatExceptionOfType(PolicyException.class)
        .isThrownBy(() -> PolicyYaml.parse("policy.yaml", text))
        .withMessage("policy.yaml:4: services.orders.split: 110% in all (expected: at most 100%)");
  }

  @Test
  void subsetThatIsNearlyNamedIsProposed() {
    String text =
        """
        services:
          orders:
            subsets: {canary: {version: "2"}}
            split: {canray: 10%}
        """;

    assertThatExceptionOfType(PolicyException.class)
        .isThrownBy(() -> PolicyYaml.parse("policy.yaml", text))
        .withMessage(
            "policy.yaml:4: services.orders.split.canray: canray is no subset (expected: canary)");
  }

  @Test
  void allMistakesAreNamedAtOnce() {
    String text =
        """
        servces: {}
        services:
          orders:
            timeout: never
          "bad name": {}
        """;

    assertThatExceptionOfType(PolicyException.class)
        .isThrownBy(() -> PolicyYaml.parse("policy.yaml", text))
        .satisfies(
            e ->
                assertThat(e.problems())
                    .containsExactly(
                        "policy.yaml:1: servces: unknown (expected: services)",
                        "policy.yaml:4: services.orders.timeout: \"never\" (expected: a number and"
                            + " ms, s, m or h, such as 250ms)",
                        "policy.yaml:5: services.bad name: no name (expected: name or name:port, 1"
                            + " to 253 characters of A-Z a-z 0-9 . _ - each)"));
  }

  @Test
  void ofManyMistakesTheFirstAreShownAndTheOthersCounted() {
    String text =
        IntStream.range(0, 30).mapToObj(i -> "key" + i + ": 1\n").collect(Collectors.joining());

    assertThatExceptionOfType(PolicyException.class)
        .isThrownBy(() -> PolicyYaml.parse("policy.yaml", text))
        .satisfies(
            e -> {
              assertThat(e.problems()).hasSize(21);
              assertThat(e.problems().get(20)).isEqualTo("policy.yaml: 10 more");
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "services: [",
        "services: {orders: {timeout: 1s}",
        "a: &a [*a]\nservices: *b",
        "!!javax.script.ScriptEngineManager []",
        "- a\n- b\n",
        "just a text",
        "services: {? [a, b] : c}",
        "services: &s {orders: *s}",
        "\u0000",
      })
  void whatIsNoPolicyIsRefusedWithALine(String text) {
    assertThatExceptionOfType(PolicyException.class)
        .isThrownBy(() -> PolicyYaml.parse("policy.yaml", text))
        .satisfies(
            e ->
                assertThat(e.problems())
                    .isNotEmpty()
                    .allMatch(p -> p.matches("policy.yaml:\\d+: .*")));
  }

  @Test
  void fileThatIsTooLongIsRefused() {
    String text = "#" + "x".repeat(YamlMap.MAX_CHARS) + "\n";

    assertThatExceptionOfType(PolicyException.class)
        .isThrownBy(() -> PolicyYaml.parse("policy.yaml", text));
  }
}
