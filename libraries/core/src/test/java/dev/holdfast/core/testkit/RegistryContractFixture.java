package dev.holdfast.core.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.Registry;
import dev.holdfast.core.Registry.Announcement;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.SystemScheduler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** The back end, the registries and the waiting of a {@link ReadableRegistryContractTest}. */
public abstract class RegistryContractFixture {
  private static final AtomicInteger COUNTER = new AtomicInteger();

  /** A run of its own, so that a back end that outlives a test never shows it old records. */
  private final String run = Long.toString(System.nanoTime(), 36) + COUNTER.incrementAndGet();

  private final List<Registry> opened = new ArrayList<>();
  final Map<HostPort, Held> held = new HashMap<>();
  SystemScheduler scheduler;
  RegistryContext context;
  Registry registry;

  record Held(Announcement announcement, RecordedAnnouncement record) {}

  /** A new client of the one back end of this test, as another process would open it. */
  protected abstract Registry open(RegistryContext context) throws Exception;

  /**
   * Makes the back end hold exactly these endpoints for a service. The default announces them
   * through a registry of its own; a registry that can't announce changes its back end here.
   */
  protected void hold(ServiceName service, Endpoint... endpoints) throws Exception {
    EndpointSet wanted = EndpointSet.of(endpoints);
    for (HostPort address : List.copyOf(held.keySet())) {
      if (wanted.at(address).isEmpty()) {
        get(Objects.requireNonNull(held.remove(address)).announcement().withdraw());
      }
    }
    for (Endpoint endpoint : wanted.endpoints()) {
      Held present = held.get(endpoint.address());
      if (present == null) {
        RecordedAnnouncement record = new RecordedAnnouncement(scheduler);
        Announcement announcement = publisher().announce(service, endpoint, record);
        held.put(endpoint.address(), new Held(announcement, record));
        patiently().until(() -> record.published() > 0);
      } else {
        int before = present.record().published();
        present.announcement().update(endpoint);
        patiently().until(() -> present.record().published() > before);
      }
    }
  }

  /** Makes the back end unreachable for all registries of this test. */
  protected abstract void breakConnection() throws Exception;

  /** Ends {@link #breakConnection}; the back end still holds what it held. */
  protected abstract void restoreConnection() throws Exception;

  /** The namespace in which the back end of this test is, where it matters; "" by default. */
  protected String place() {
    return "";
  }

  /** The name as the back end can have it, where its namespaces can't nest; the same by default. */
  protected ServiceName spelled(ServiceName name) {
    return name;
  }

  /** Within what time a change must arrive. */
  protected Duration patience() {
    return Duration.ofSeconds(40);
  }

  /** The loop that the registries of this test run on. */
  protected final SystemScheduler scheduler() {
    return scheduler;
  }

  /** What the registries of this test are given. */
  protected final RegistryContext context() {
    return context;
  }

  @BeforeEach
  final void openRegistry() throws Exception {
    scheduler = SystemScheduler.create("contract");
    context =
        new RegistryContext(
            scheduler, new SimpleMeterRegistry(), RandomGenerator.of("L64X128MixRandom"), Map.of());
    registry = another();
  }

  @AfterEach
  final void closeRegistries() {
    opened.forEach(Registry::close);
    // After the closes have run, so that they find their loop.
    scheduler.execute(scheduler::close);
  }

  /** The service that most of these tests are about, in a namespace of this test alone. */
  protected final ServiceName orders() {
    return service("", "orders");
  }

  /** A service inside the namespace of this test. */
  protected final ServiceName service(String inner, String name) {
    return spelled(ServiceName.of(inner, name).inside("contract-" + run).inside(place()));
  }

  /** An endpoint at the n-th address. */
  protected final Endpoint at(int n) {
    return Endpoint.of("10.0.0." + n + ":50051");
  }

  /** Opens one more client, closed after the test. */
  protected final Registry another() throws Exception {
    Registry another = open(context);
    opened.add(another);
    return another;
  }

  /** Waits as long as {@link #patience()}. */
  protected final ConditionFactory patiently() {
    return await().atMost(patience()).pollInterval(Duration.ofMillis(10));
  }

  RecordedWatch watch(ServiceName service) {
    RecordedWatch watch = new RecordedWatch(scheduler);
    var unused = registry.watch(service, watch);
    return watch;
  }

  Held announced(Registry by, ServiceName service, Endpoint endpoint) {
    RecordedAnnouncement record = new RecordedAnnouncement(scheduler);
    Announcement announcement = by.announce(service, endpoint, record);
    patiently().until(() -> record.published() > 0);
    return new Held(announcement, record);
  }

  private Registry publisher() throws Exception {
    return opened.size() < 2 ? another() : opened.get(1);
  }

  void awaitAddresses(RecordedWatch watch, Endpoint... expected) {
    patiently().untilAsserted(() -> assertAddresses(watch, expected));
  }

  static void assertAddresses(RecordedWatch watch, Endpoint... expected) {
    assertThat(watch.last()).isPresent();
    assertThat(watch.last().orElseThrow().endpoints())
        .extracting(Endpoint::address)
        .containsExactlyElementsOf(
            EndpointSet.of(expected).endpoints().stream().map(Endpoint::address).toList());
  }

  static <T> T last(List<T> list) {
    return list.get(list.size() - 1);
  }

  <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(patience().toMillis(), TimeUnit.MILLISECONDS);
  }

  void settled(CompletionStage<?> stage) {
    patiently().until(() -> stage.toCompletableFuture().isDone());
  }

  /** What {@link #hold} announced, for registries that add cases of their own. */
  protected final RegistrySnapshot readNow(ServiceName service) throws Exception {
    return get(registry.read(service));
  }

  /** The registry under test. */
  protected final Registry registry() {
    return registry;
  }
}
