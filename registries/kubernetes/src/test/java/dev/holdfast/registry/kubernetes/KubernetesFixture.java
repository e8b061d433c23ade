package dev.holdfast.registry.kubernetes;

import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.SystemScheduler;
import dev.holdfast.core.testkit.RecordedWatch;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.awaitility.core.ConditionFactory;

/** Registries on a loop of their own, and what tests do with them. */
final class KubernetesFixture implements AutoCloseable {
  private final SystemScheduler scheduler = SystemScheduler.create("kubernetes-test");
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final List<Registry> opened = new ArrayList<>();

  /** A registry with these parameters, joined by {@code &}, and this environment. */
  Registry open(String parameters, Map<String, String> environment) {
    RegistryContext context =
        new RegistryContext(scheduler, meters, RandomGenerator.of("L64X128MixRandom"), environment);
    Registry registry =
        new KubernetesRegistryProvider()
            .open(RegistryUri.parse("kubernetes:///" + parameters), context);
    opened.add(registry);
    return registry;
  }

  /** A registry by a kubeconfig. */
  Registry open(Path kubeconfig) {
    return open("?kubeconfig=" + kubeconfig, Map.of());
  }

  RecordedWatch watch(Registry registry, String service) {
    RecordedWatch watch = new RecordedWatch(scheduler);
    var unused = registry.watch(ServiceName.parse(service), watch);
    return watch;
  }

  SimpleMeterRegistry meters() {
    return meters;
  }

  static List<String> addresses(RecordedWatch watch) {
    return watch
        .last()
        .map(set -> set.endpoints().stream().map(KubernetesFixture::text).toList())
        .orElse(List.of("unknown"));
  }

  static void awaitAddresses(RecordedWatch watch, String... expected) {
    soon().until(() -> addresses(watch).equals(List.of(expected)));
  }

  static ConditionFactory soon() {
    return await().atMost(Duration.ofSeconds(90)).pollInterval(Duration.ofMillis(5));
  }

  @Override
  public void close() {
    opened.forEach(Registry::close);
    scheduler.execute(scheduler::close);
  }

  private static String text(Endpoint endpoint) {
    return endpoint.address().toString();
  }
}
