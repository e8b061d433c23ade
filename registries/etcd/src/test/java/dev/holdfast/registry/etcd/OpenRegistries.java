package dev.holdfast.registry.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.SystemScheduler;
import dev.holdfast.core.testkit.RecordedAnnouncement;
import dev.holdfast.core.testkit.RecordedWatch;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.awaitility.core.ConditionFactory;

/** Registries opened by one test, on a loop of their own; all closed at its end. */
final class OpenRegistries implements AutoCloseable {
  static final ServiceName ORDERS = ServiceName.parse("test/orders");

  private static final int MAX_ANNOUNCEMENTS = 20;

  private final SystemScheduler scheduler = SystemScheduler.create("etcd-test");
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final List<Registry> opened = new ArrayList<>();
  private Map<String, String> environment = Map.of();

  /** A record as announced, and what was heard of it. */
  record Announced(Registry.Announcement announcement, RecordedAnnouncement record) {}

  OpenRegistries with(Map<String, String> variables) {
    environment = variables;
    return this;
  }

  Registry open(String uri) {
    return open(uri, RandomGenerator.of("L64X128MixRandom"));
  }

  /** Opens a registry that asks the first member of the URI first. */
  Registry openAtFirst(String uri) {
    RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
    AtomicBoolean first = new AtomicBoolean(true);
    return open(uri, () -> first.getAndSet(false) ? 0 : random.nextLong());
  }

  private Registry open(String uri, RandomGenerator random) {
    RegistryContext context = new RegistryContext(scheduler, meters, random, environment);
    Registry registry = new EtcdRegistryProvider().open(RegistryUri.parse(uri), context);
    opened.add(registry);
    return registry;
  }

  RegistryContext context() {
    return new RegistryContext(
        scheduler, meters, RandomGenerator.of("L64X128MixRandom"), environment);
  }

  SystemScheduler scheduler() {
    return scheduler;
  }

  SimpleMeterRegistry meters() {
    return meters;
  }

  RecordedWatch watch(Registry registry, ServiceName service) {
    RecordedWatch watch = new RecordedWatch(scheduler);
    Subscription unused = registry.watch(service, watch);
    return watch;
  }

  /**
   * Announces again and again until it is published, as a Registration does: while a cluster elects
   * its leader, requests fail, and where much else goes on a lease may be lost.
   */
  Announced announceUntilPublished(Registry registry, ServiceName service, Endpoint endpoint) {
    for (int i = 0; i < MAX_ANNOUNCEMENTS; i++) {
      Announced announced = begin(registry, service, endpoint);
      RecordedAnnouncement record = announced.record();
      patiently().until(() -> record.published() > 0 || record.end().isPresent());
      if (record.published() > 0) {
        return announced;
      }
      assertThat(record.end().orElseThrow().kind())
          .isIn(RegistryErrorKind.UNAVAILABLE, RegistryErrorKind.LEASE_LOST);
    }
    throw new AssertionError(endpoint + " was not published in " + MAX_ANNOUNCEMENTS + " tries");
  }

  /** Announces and waits until it is published. */
  Announced announce(Registry registry, ServiceName service, Endpoint endpoint) {
    Announced announced = begin(registry, service, endpoint);
    patiently().until(() -> announced.record().published() > 0);
    return announced;
  }

  Announced begin(Registry registry, ServiceName service, Endpoint endpoint) {
    RecordedAnnouncement record = new RecordedAnnouncement(scheduler);
    return new Announced(registry.announce(service, endpoint, record), record);
  }

  RegistryErrorKind endOf(Announced announced) {
    patiently().until(() -> announced.record().end().isPresent());
    return announced.record().end().orElseThrow().kind();
  }

  static Endpoint at(int n) {
    return Endpoint.of("10.0.0." + n + ":50051").withInstance("run-" + n);
  }

  static List<String> addresses(RecordedWatch watch) {
    return watch.last().stream()
        .flatMap(set -> set.endpoints().stream())
        .map(endpoint -> endpoint.address().toString())
        .toList();
  }

  static ConditionFactory patiently() {
    return await().atMost(Duration.ofSeconds(90)).pollInterval(Duration.ofMillis(10));
  }

  static RegistrySnapshot read(Registry registry, ServiceName service) throws Exception {
    return get(registry.read(service));
  }

  static RegistryException readFailure(Registry registry, ServiceName service) throws Exception {
    try {
      RegistrySnapshot unexpected = read(registry, service);
      throw new AssertionError("read " + unexpected);
    } catch (ExecutionException e) {
      return (RegistryException) Objects.requireNonNull(e.getCause());
    }
  }

  static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(40, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    opened.forEach(Registry::close);
    scheduler.execute(scheduler::close);
  }
}
