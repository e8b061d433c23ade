package dev.holdfast.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.RegistrationState;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.examples.v1.FollowRequest;
import dev.holdfast.examples.v1.GetRequest;
import dev.holdfast.examples.v1.OrderEvent;
import dev.holdfast.examples.v1.OrdersGrpc;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.lab.process.JavaCommand;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole way: a server, the file registry, a channel; the servers that are killed are processes.
 */
class OrdersOverFilesTest {
  @TempDir private Path folder;
  private final List<HoldfastServer> servers = new ArrayList<>();
  private final List<Process> processes = new ArrayList<>();
  private final List<ManagedChannel> channels = new ArrayList<>();

  @AfterEach
  void close() throws InterruptedException {
    channels.forEach(ManagedChannel::shutdownNow);
    servers.forEach(HoldfastServer::shutdownNow);
    for (Process process : processes) {
      process.destroyForcibly().waitFor();
    }
    // Records are removed in the background; the folder must not be deleted meanwhile.
    for (HoldfastServer server : servers) {
      await().until(() -> server.registration().state() == RegistrationState.ABSENT);
    }
  }

  @Test
  void aPlainChannelFollowsTheServiceWithTheJarAlone() throws Exception {
    serve("a");
    ManagedChannel channel =
        keep(
            Grpc.newChannelBuilder(target(), InsecureChannelCredentials.create())
                .defaultLoadBalancingPolicy("round_robin")
                .build());
    assertThat(reached(channel, 5)).isEqualTo(Set.of("a"));
    serve("b");
    await().until(() -> reached(channel, 4).equals(Set.of("a", "b")));
  }

  @Test
  void plainHostsAreReachedAsBeforeWithTheDnsRegistryOnTheClassPath() throws Exception {
    int port = serve("a").getPort();
    for (String target :
        List.of("localhost:" + port, "127.0.0.1:" + port, "dns:///localhost:" + port)) {
      ManagedChannel channel =
          keep(
              HoldfastChannelBuilder.forTarget(target, InsecureChannelCredentials.create())
                  .build());
      assertThat(reached(channel, 2)).as(target).isEqualTo(Set.of("a"));
    }
  }

  @Test
  void aStreamEndsWithAWordWhenItsInstanceDrains() throws Exception {
    HoldfastServer server = serve("a");
    ManagedChannel channel =
        keep(
            HoldfastChannelBuilder.forTarget(target(), InsecureChannelCredentials.create())
                .build());
    Iterator<OrderEvent> events =
        OrdersGrpc.newBlockingStub(channel)
            .withDeadlineAfter(60, TimeUnit.SECONDS)
            .follow(FollowRequest.newBuilder().setId("1").setIntervalMillis(60_000).build());
    assertThat(events.next().getSequence()).isEqualTo(1);
    server.shutdown();
    assertThat(events.next().getDraining()).isTrue();
    assertThat(events.hasNext()).isFalse();
    assertThat(server.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aKilledProcessCostsNoCallOfAMethodDeclaredIdempotent() throws Exception {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    RegistryContext system = RegistryContext.system();
    Registries registries =
        new Registries(new RegistryContext(system.scheduler(), meters, system.random(), Map.of()));
    Process doomed = spawn("doomed");
    spawn("other");
    ManagedChannel channel =
        keep(
            HoldfastChannelBuilder.forTarget(
                    target(), InsecureChannelCredentials.create(), registries)
                .build());
    await()
        .atMost(Duration.ofSeconds(90))
        .ignoreExceptionsInstanceOf(StatusRuntimeException.class)
        .until(() -> reached(channel, 10).equals(Set.of("doomed", "other")));
    Set<String> seen = ConcurrentHashMap.newKeySet();
    List<StatusRuntimeException> failures = new CopyOnWriteArrayList<>();
    AtomicBoolean over = new AtomicBoolean();
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      Thread caller =
          new Thread(
              () -> {
                while (!over.get()) {
                  try {
                    seen.add(get(channel));
                  } catch (StatusRuntimeException e) {
                    failures.add(e);
                  }
                }
              });
      callers.add(caller);
      caller.start();
    }
    await().until(() -> seen.size() == 2);
    doomed.destroyForcibly().waitFor();
    seen.clear();
    await().during(Duration.ofMillis(500)).until(() -> seen.contains("other"));
    over.set(true);
    for (Thread caller : callers) {
      caller.join();
    }
    assertThat(failures).as(meters.getMetersAsString()).isEmpty();
  }

  @Test
  void theClientToCopyCallsTheServerToCopyAndEndsWithZero() throws Exception {
    spawn("a");
    await().atMost(Duration.ofSeconds(90)).until(() -> holdsARecord("orders"));
    Path output = folder.resolveSibling(folder.getFileName() + ".out");
    ProcessBuilder builder = program(OrdersClient.class, "120");

    Process client = builder.redirectOutput(output.toFile()).start();
    processes.add(client);

    assertThat(client.waitFor(200, TimeUnit.SECONDS)).isTrue();
    assertThat(Files.readString(output))
        .endsWith(
            """
            calls=100 failed=0 answers={a=100}
            calls=120 failed=0 answers={a=120}
            grpc.client.attempt.started=120
            """);
    assertThat(client.exitValue()).isZero();
    Files.delete(output);
  }

  @Test
  void aProcessThatIsToldToStopLeavesTheRegistryAndEndsWithItsSignal() throws Exception {
    Process process = spawn("a");
    ManagedChannel channel =
        keep(
            HoldfastChannelBuilder.forTarget(target(), InsecureChannelCredentials.create())
                .build());
    await()
        .atMost(Duration.ofSeconds(90))
        .ignoreExceptionsInstanceOf(StatusRuntimeException.class)
        .until(() -> reached(channel, 1).equals(Set.of("a")));
    process.destroy();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as("128 + SIGTERM").isEqualTo(143);
    try (var files = Files.list(folder.resolve("orders"))) {
      assertThat(files).isEmpty();
    }
  }

  private String target() {
    return "file://" + folder + "/orders";
  }

  private HoldfastServer serve(String name) throws IOException {
    HoldfastServer server =
        HoldfastServerBuilder.forPort(0)
            .addService(new OrdersService(name, "", ""))
            .register(target())
            .build()
            .start();
    servers.add(server);
    await().until(() -> server.registration().state() == RegistrationState.VISIBLE);
    return server;
  }

  private Process spawn(String name) throws IOException {
    ProcessBuilder builder = program(OrdersServer.class);
    builder.environment().put("HOLDFAST_INSTANCE", name);
    Process process = builder.start();
    processes.add(process);
    return process;
  }

  /** A program of the examples as a process, its output beside ours. */
  private ProcessBuilder program(Class<?> main, String... arguments) {
    List<String> command = JavaCommand.of(main, JavaCommand.FAST_START, List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
    builder.environment().put("HOLDFAST_REGISTRY", "file://" + folder);
    return builder;
  }

  private boolean holdsARecord(String service) throws IOException {
    Path directory = folder.resolve(service);
    if (!Files.isDirectory(directory)) {
      return false;
    }
    try (var files = Files.list(directory)) {
      return files.anyMatch(file -> file.toString().endsWith(".json"));
    }
  }

  private ManagedChannel keep(ManagedChannel channel) {
    channels.add(channel);
    return channel;
  }

  private static Set<String> reached(ManagedChannel channel, int calls) {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < calls; i++) {
      names.add(get(channel));
    }
    return names;
  }

  private static String get(ManagedChannel channel) {
    return OrdersGrpc.newBlockingStub(channel)
        .withDeadlineAfter(60, TimeUnit.SECONDS)
        .get(GetRequest.newBuilder().setId("1").build())
        .getServedBy()
        .getInstance();
  }
}
