package dev.holdfast.registry.file;

import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Clock;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry;
import dev.holdfast.core.Registry.Announcement;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryMeter;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.SystemScheduler;
import dev.holdfast.core.testkit.RecordedAnnouncement;
import dev.holdfast.core.testkit.RecordedWatch;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.awaitility.core.ConditionFactory;

/** A registry in a scratch directory, with a service named orders, and what tests do with it. */
final class FileRegistryFixture implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private final Path namespace;
  private final SystemScheduler scheduler = SystemScheduler.create("file-test");
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final List<Registry> opened = new ArrayList<>();

  FileRegistryFixture(Path scratch) throws IOException {
    namespace = Files.createDirectories(scratch.resolve("registry/prod"));
  }

  Path namespace() {
    return namespace;
  }

  Path directory() {
    return namespace.resolve("orders");
  }

  Path file(String name) throws IOException {
    return Files.createDirectories(directory()).resolve(name);
  }

  ServiceName orders() {
    return ServiceName.of(namespace.toString().substring(1), "orders");
  }

  SystemScheduler scheduler() {
    return scheduler;
  }

  /** A registry as another process would open it. */
  Registry open(String parameters) {
    return open(parameters, scheduler);
  }

  /** One whose every wait is eight times as long, so that others see what it leaves in between. */
  Registry openWithSlowTimers() {
    return open("", new SlowTimers(scheduler));
  }

  private Registry open(String parameters, Scheduler timers) {
    RegistryContext context =
        new RegistryContext(timers, meters, RandomGenerator.of("L64X128MixRandom"), Map.of());
    Registry registry =
        new FileRegistryProvider().open(RegistryUri.parse(uri(parameters)), context);
    opened.add(registry);
    return registry;
  }

  String uri(String parameters) {
    return "file://" + namespace + parameters;
  }

  RecordedWatch watch(Registry registry) {
    RecordedWatch watch = new RecordedWatch(scheduler);
    var unused = registry.watch(orders(), watch);
    return watch;
  }

  /** An announcement that has been published. */
  record Announced(Announcement announcement, RecordedAnnouncement record) {}

  Announced announce(Registry registry, Endpoint endpoint) {
    RecordedAnnouncement record = new RecordedAnnouncement(scheduler);
    Announcement announcement = registry.announce(orders(), endpoint, record);
    soon().until(() -> record.published() > 0);
    return new Announced(announcement, record);
  }

  /** Reads the service; again where a busy machine took longer than one read may. */
  RegistrySnapshot read(Registry registry) throws Exception {
    long startNanos = System.nanoTime();
    while (true) {
      try {
        return registry.read(orders()).toCompletableFuture().get(60, TimeUnit.SECONDS);
      } catch (ExecutionException e) {
        if (!String.valueOf(e.getMessage()).contains("did not answer within")
            || System.nanoTime() - startNanos > PATIENCE.toNanos()) {
          throw e;
        }
      }
    }
  }

  /** The addresses of the last snapshot. */
  static List<String> addresses(RecordedWatch watch) {
    return watch.last().stream()
        .flatMap(set -> set.endpoints().stream())
        .map(endpoint -> endpoint.address().toString())
        .toList();
  }

  void awaitAddresses(RecordedWatch watch, String... expected) {
    soon().until(() -> watch.last().isPresent() && addresses(watch).equals(List.of(expected)));
  }

  /** Files in the directory of the service that are not records or lists. */
  List<String> strayFiles() throws IOException {
    try (Stream<Path> files = Files.list(directory())) {
      return files.map(f -> f.getFileName().toString()).filter(f -> f.startsWith(".")).toList();
    }
  }

  double malformedCount() {
    return RegistryMeter.RECORDS_MALFORMED.counter(meters, FileRegistryProvider.SCHEME).count();
  }

  static ConditionFactory soon() {
    return await().atMost(PATIENCE).pollInterval(Duration.ofMillis(5));
  }

  private record SlowTimers(Scheduler real) implements Scheduler {
    @Override
    public Clock clock() {
      return real.clock();
    }

    @Override
    public void execute(Runnable task) {
      real.execute(task);
    }

    @Override
    public Subscription schedule(Duration delay, Runnable task) {
      return real.schedule(delay.multipliedBy(8), task);
    }

    @Override
    public boolean isCurrent() {
      return real.isCurrent();
    }
  }

  @Override
  public void close() {
    opened.forEach(Registry::close);
    scheduler.execute(scheduler::close);
  }
}
