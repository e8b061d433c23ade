package dev.holdfast.bench.xds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.control.ControlOptions;
import dev.holdfast.control.ControlPlane;
import dev.holdfast.control.resources.PolicyFeed;
import dev.holdfast.control.resources.PolicyMeters;
import dev.holdfast.control.resources.XdsBootstrap;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.discovery.Registries;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Unmodified clients under every policy that can be written. grpc-go, whose client takes half a
 * minute to build, plays the same in {@code bench/run xds-follow}.
 */
@Timeout(900)
class XdsInteropTest {
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final int RATE = 100;
  private static final int ENOUGH_CALLS = 20;
  private static final String TESTER = "x-tester";

  @TempDir Path folder;
  private final MeterRegistry meters = new SimpleMeterRegistry();
  private final InstanceNameServers servers = new InstanceNameServers();
  private PolicyFeed feed;
  private ControlPlane plane;

  @BeforeEach
  void startControlPlane() throws IOException {
    Files.createDirectories(folder.resolve("registry/names"));
    policy("services: {}");
    RegistryContext system = RegistryContext.system();
    RegistryContext context =
        new RegistryContext(system.scheduler(), meters, system.random(), Map.of());
    feed = PolicyFeed.open(Optional.of(policyFile()), new PolicyMeters(meters));
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    plane =
        ControlPlane.start(
            RegistryUri.parse("file://" + folder.resolve("registry")),
            new Registries(context),
            feed.builder(),
            ControlOptions.DEFAULT.withListen(any).withAdmin(any).withDrain(Duration.ZERO));
    feed.follow(plane::use);
  }

  @AfterEach
  void stop() {
    plane.close();
    feed.close();
    servers.close();
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "GO")
  void clientFollowsListsAndPoliciesAndRefusesNothing(CallerLanguage language) throws Exception {
    try (XdsCaller caller = followingItsList(language)) {
      policy(
          """
          services:
            names:
              subsets: {v1: {version: "1"}, v2: {version: "2"}, v3: {version: "3"}}
              split: {v1: 0%, v2: 90%, v3: 10%}
              outliers: {factor: 1900, failure-percent: 90}
              balancer: least_request
              timeout: 15s
              max-calls: 1000
          """);
      awaitOnly(caller, "two-1", "two-2");

      policy(
          """
          services:
            names:
              subsets: {v1: {version: "1"}, v2: {version: "2"}}
              routes:
                - headers: {x-tester: {prefix: te}, x-other: {present: false}}
                  path: /holdfast.interop.Names/*
                  to: v1
                - path: /holdfast.interop.Names/Who
                  percent: 0%
                  to: v1
              split: {v2: 100%}
              retry: {methods: [/holdfast.interop.Names/Who], on: [unavailable, cancelled]}
          """);
      awaitOnly(caller, "two-1", "two-2");
      caller.header(TESTER, "test-1");
      awaitOnly(caller, "one-1");

      policy("services: {names: {balancer: ring_hash, hash-header: x-user}}");
      // By a header that no call has yet, so that it is seen that the client has this policy.
      awaitOnly(caller, "one-1", "two-1", "two-2");
      caller.header("x-user", "7");
      awaitShares(caller, "one value, one instance", counts -> counts.size() == 1);

      plane.close();
      awaitShares(caller, "calls go on without a control plane", counts -> !counts.isEmpty());
      assertThat(caller.end()).isPositive();
      assertThat(caller.failures()).isEmpty();
    }
    assertThat(ControlProgram.sum(meters, "holdfast.control.acks", "accepted")).isPositive();
    assertThat(ControlProgram.sum(meters, "holdfast.control.acks", "rejected")).isZero();
  }

  /** One that was seen to follow instances that come and go. */
  private XdsCaller followingItsList(CallerLanguage language) throws Exception {
    start("one-1", "\"weight\": 3, \"zone\": \"a\", \"metadata\": {\"version\": \"1\"}");
    start("one-2", "\"zone\": \"a\", \"metadata\": {\"version\": \"1\"}");
    start("two-1", "\"zone\": \"b\", \"metadata\": {\"version\": \"2\"}");
    XdsCaller caller = caller(language);
    awaitShares(caller, "weights of instances count", counts -> share(counts, "one-1") > 0.45);
    awaitOnly(caller, "one-1", "one-2", "two-1");
    start("two-2", "\"metadata\": {\"version\": \"2\"}");
    awaitOnly(caller, "one-1", "one-2", "two-1", "two-2");
    Files.delete(record("one-2"));
    awaitOnly(caller, "one-1", "two-1", "two-2");
    return caller;
  }

  @Test
  void mistakeInThePolicyChangesNothing() throws Exception {
    start("one", "\"metadata\": {\"version\": \"1\"}");
    start("two", "\"metadata\": {\"version\": \"2\"}");
    try (XdsCaller caller = caller(CallerLanguage.JAVA)) {
      policy("services: {names: {subsets: {v2: {version: \"2\"}}, split: {v2: 100%}}}");
      awaitOnly(caller, "two");
      policy("services: {names: {splt: {}}}");
      await()
          .atMost(PATIENCE)
          .until(() -> ControlProgram.sum(meters, "holdfast.control.policies.refused", "") >= 1);
      awaitOnly(caller, "two");
      assertThat(caller.end()).isPositive();
      assertThat(caller.failures()).isEmpty();
    }
  }

  private XdsCaller caller(CallerLanguage language) throws IOException, InterruptedException {
    Path root = Path.of(System.getProperty("holdfast.root", ".."));
    Optional<List<String>> command = language.command(root.toAbsolutePath());
    assumeTrue(
        command.isPresent() || "1".equals(System.getenv("HOLDFAST_NO_SKIPS")),
        language.label() + " can't be run here; ./verify installs what it needs");
    XdsBootstrap xdsBootstrap =
        new XdsBootstrap(
            List.of(new HostPort("127.0.0.1", plane.address().getPort())),
            "test-" + language.label(),
            new XdsBootstrap.Locality("test", "a", ""),
            Optional.empty());
    Path file = Files.writeString(folder.resolve("bootstrap.json"), xdsBootstrap.json());
    return XdsCaller.start(language, command.orElseThrow(), file, "xds:///names", RATE);
  }

  /** A server with a record. */
  private void start(String name, String fields) throws IOException {
    int port = servers.start(name);
    Path aside =
        Files.writeString(
            folder.resolve("aside"), "{\"address\": \"127.0.0.1:%d\", %s}".formatted(port, fields));
    Files.move(aside, record(name), StandardCopyOption.ATOMIC_MOVE);
  }

  private Path record(String name) {
    return folder.resolve("registry/names/" + name + ".json");
  }

  private Path policyFile() {
    return folder.resolve("policy.yaml");
  }

  private void policy(String text) throws IOException {
    Path aside = Files.writeString(folder.resolve("policy.new"), text);
    Files.move(
        aside, policyFile(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static void awaitOnly(XdsCaller caller, String... names) {
    awaitShares(caller, "only " + List.of(names), counts -> counts.keySet().equals(Set.of(names)));
  }

  /** Looks at some calls after the other, until those of one look are as expected. */
  private static void awaitShares(
      XdsCaller caller, String what, Predicate<Map<String, Integer>> expected) {
    Map<String, Integer> seen = new TreeMap<>();
    await(what)
        .atMost(PATIENCE)
        .until(
            () -> {
              assertThat(caller.isAlive()).as(what).isTrue();
              caller.takeCounts(PATIENCE).forEach((name, n) -> seen.merge(name, n, Integer::sum));
              if (seen.values().stream().mapToInt(Integer::intValue).sum() < ENOUGH_CALLS) {
                return false;
              }
              Map<String, Integer> look = Map.copyOf(seen);
              seen.clear();
              return expected.test(look);
            });
  }

  private static double share(Map<String, Integer> counts, String name) {
    int all = counts.values().stream().mapToInt(Integer::intValue).sum();
    return (double) counts.getOrDefault(name, 0) / all;
  }
}
