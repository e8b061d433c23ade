package dev.holdfast.registry.dns;

import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryProvider;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.SystemScheduler;
import dev.holdfast.core.testkit.RecordedWatch;
import dev.holdfast.lab.dns.DnsServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.awaitility.core.ConditionFactory;

/** A name server, registries that ask it, and what tests do with them. */
final class DnsFixture implements AutoCloseable {
  /** Quick, and with bounds that leave TTLs of whole seconds as they are. */
  static final String QUICK = "?min-refresh=20ms&max-refresh=10s";

  /** For servers that do not answer; one that does may be later than that on a busy machine. */
  static final String IMPATIENT = QUICK + "&timeout=600ms";

  private final DnsServer server = DnsServer.start();
  private final SystemScheduler scheduler = SystemScheduler.create("dns-test");
  private final List<Registry> opened = new ArrayList<>();

  DnsServer server() {
    return server;
  }

  Registry dns(String parameters) {
    return open(new DnsRegistryProvider(), "dns://" + server.authority() + "/" + parameters);
  }

  Registry srv(String parameters) {
    return open(new SrvRegistryProvider(), "srv://" + server.authority() + "/" + parameters);
  }

  Registry open(RegistryProvider provider, String uri) {
    RegistryContext context =
        new RegistryContext(
            scheduler, new SimpleMeterRegistry(), RandomGenerator.of("L64X128MixRandom"), Map.of());
    Registry registry = provider.open(RegistryUri.parse(uri), context);
    opened.add(registry);
    return registry;
  }

  RecordedWatch watch(Registry registry, String service) {
    RecordedWatch watch = new RecordedWatch(scheduler);
    var unused = registry.watch(ServiceName.parse(service), watch);
    return watch;
  }

  RegistrySnapshot read(Registry registry, String service) throws Exception {
    return registry
        .read(ServiceName.parse(service))
        .toCompletableFuture()
        .get(60, TimeUnit.SECONDS);
  }

  void onScheduler(Consumer<Scheduler> task) {
    scheduler.execute(() -> task.accept(scheduler));
  }

  List<String> addresses(Registry registry, String service) throws Exception {
    return addresses(read(registry, service).endpoints().endpoints());
  }

  static List<String> addresses(RecordedWatch watch) {
    return watch.last().map(set -> addresses(set.endpoints())).orElse(List.of("unknown"));
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
    server.close();
  }

  private static List<String> addresses(List<Endpoint> endpoints) {
    return endpoints.stream().map(e -> e.address().toString()).toList();
  }
}
