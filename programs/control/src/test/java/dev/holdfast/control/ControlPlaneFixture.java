package dev.holdfast.control;

import dev.holdfast.control.xds.ResourceBuilder;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.SystemScheduler;
import dev.holdfast.core.discovery.EndpointDirectory;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.core.discovery.SnapshotWriterBarrier;
import dev.holdfast.core.testkit.InMemoryProvider;
import dev.holdfast.core.testkit.InMemoryStore;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.NameResolverRegistry;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.xds.XdsNameResolverProvider;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/** A registry of files, control planes over it, and unmodified clients of theirs. */
final class ControlPlaneFixture implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 60;
  private static final AtomicInteger SCHEMES = new AtomicInteger();

  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final SystemScheduler scheduler = SystemScheduler.create("control-plane-fixture");
  final InMemoryStore store = new InMemoryStore(scheduler, Duration.ofSeconds(5));
  private final Path records;
  private final Path snapshots;
  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  ControlPlaneFixture(Path folder) throws IOException {
    records = Files.createDirectories(folder.resolve("records/prod"));
    snapshots = folder.resolve("snapshots");
  }

  /** Free ports of loopback; gone with their last stream. */
  static ControlOptions anywhere() {
    InetSocketAddress free = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    return ControlOptions.DEFAULT
        .withListen(free)
        .withAdmin(free)
        .withDrain(Duration.ofMillis(200));
  }

  /** Over {@link #store}, whose faults a test can choose. */
  ControlPlane controlOverMemory() throws IOException {
    return own(
        ControlPlane.start(
            RegistryUri.parse("memory://x/prod"),
            new Registries(
                context(),
                List.of(
                    new InMemoryProvider(
                        "memory://x/prod", (uri, context) -> store.connect(context)))),
            new PlainResources(),
            anywhere()));
  }

  ControlPlane control() throws IOException {
    return control(new PlainResources(), anywhere());
  }

  ControlPlane control(ResourceBuilder builder, ControlOptions options) throws IOException {
    return own(
        ControlPlane.start(
            RegistryUri.parse("file://" + records), new Registries(context()), builder, options));
  }

  private RegistryContext context() {
    return new RegistryContext(
        scheduler,
        meters,
        new SplittableRandom(1),
        Map.of(EndpointDirectory.SNAPSHOT_VARIABLE, snapshots.toString()));
  }

  /** These are the instances of a service from now on. */
  void list(String service, String... addresses) throws IOException {
    Path folder = Files.createDirectories(records.resolve(service));
    Path aside = snapshots.resolveSibling(service + ".aside");
    Files.writeString(aside, String.join("\n", addresses) + "\n");
    Files.move(aside, folder.resolve("all.list"), StandardCopyOption.ATOMIC_MOVE);
  }

  /** This instance of a service has this version, in its metadata. */
  void listVersion(String service, Backend backend, String version) throws IOException {
    Path folder = Files.createDirectories(records.resolve(service));
    Path aside = snapshots.resolveSibling(service + ".aside");
    Files.writeString(
        aside,
        "{\"address\": \"%s\", \"metadata\": {\"version\": \"%s\"}}"
            .formatted(backend.address(), version));
    Files.move(aside, folder.resolve(backend.port() + ".json"), StandardCopyOption.ATOMIC_MOVE);
  }

  /** The registry can't be read any more. */
  void hideRegistry() throws IOException {
    Files.move(records, records.resolveSibling("hidden"));
  }

  /** Whether the names and the lists of so many services have been written down. */
  boolean isOnDisk(int services) throws IOException {
    try (Stream<Path> files = Files.isDirectory(snapshots) ? Files.list(snapshots) : Stream.of()) {
      List<String> names = files.map(file -> file.getFileName().toString()).toList();
      boolean whole = names.stream().noneMatch(name -> name.endsWith(".new"));
      List<String> lists = names.stream().filter(name -> name.endsWith(".endpoints")).toList();
      List<String> known = names.stream().filter(name -> name.endsWith(".services")).toList();
      return whole
          && lists.size() == services
          && known.size() == 1
          && Files.readString(snapshots.resolve(known.get(0))).lines().count() == services + 2;
    }
  }

  /** Of the counters that have this tag. */
  double count(String meter, String tag) {
    return meters.find(meter).counters().stream()
        .filter(
            counter -> counter.getId().getTags().stream().anyMatch(t -> t.getValue().equals(tag)))
        .mapToDouble(Counter::count)
        .sum();
  }

  double count(String meter) {
    return meters.find(meter).counters().stream().mapToDouble(Counter::count).sum();
  }

  Backend backend(String name) throws IOException {
    return own(Backend.start(name));
  }

  Backend backend(String name, IntFunction<Status> ends) throws IOException {
    return own(Backend.start(name, ends));
  }

  /** A channel of grpc-java's own xDS client, which knows nothing but the servers' addresses. */
  ManagedChannel channel(String service, InetSocketAddress... controls) {
    String scheme = "xds-test-" + SCHEMES.incrementAndGet();
    Map<String, ?> bootstrap =
        Map.of(
            "xds_servers",
            Arrays.stream(controls).map(ControlPlaneFixture::server).toList(),
            "node",
            Map.of("id", "node-" + scheme, "locality", Map.of("zone", "a")));
    NameResolverRegistry.getDefaultRegistry()
        .register(XdsNameResolverProvider.createForTest(scheme, bootstrap));
    ManagedChannel channel =
        NettyChannelBuilder.forTarget(
                scheme + ":///" + service, InsecureChannelCredentials.create())
            .build();
    open.push(channel::shutdownNow);
    return channel;
  }

  private static Map<String, ?> server(InetSocketAddress control) {
    return Map.of(
        "server_uri",
        "127.0.0.1:" + control.getPort(),
        "channel_creds",
        List.of(Map.of("type", "insecure")),
        "server_features",
        List.of("xds_v3"));
  }

  <T extends AutoCloseable> T own(T thing) {
    open.push(thing);
    return thing;
  }

  /** Ends what was opened last. */
  void closeLast() throws Exception {
    open.pop().close();
  }

  /** Nothing writes into the folder any more then, which is deleted next. */
  @Override
  public void close() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
    CompletableFuture<Void> last = new CompletableFuture<>();
    scheduler.execute(
        () -> {
          scheduler.close();
          last.complete(null);
        });
    last.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    SnapshotWriterBarrier.awaitIdle();
  }
}
