package dev.holdfast.registry.etcd;

import static dev.holdfast.registry.etcd.OpenRegistries.addresses;
import static dev.holdfast.registry.etcd.OpenRegistries.at;
import static dev.holdfast.registry.etcd.OpenRegistries.get;
import static dev.holdfast.registry.etcd.OpenRegistries.patiently;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.testkit.RecordedWatch;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A Go program with etcd's own naming/endpoints sees our records, and we see its.
 *
 * <p>Without Go this fails; {@code HOLDFAST_WITHOUT_GO=1} leaves it out on purpose.
 */
class GoInteropTest {
  private static final Duration BUILD_TIMEOUT = Duration.ofMinutes(9);
  private static final AtomicInteger RUN = new AtomicInteger();

  @TempDir static Path folder;
  private static EtcdCluster etcd;
  private OpenRegistries registries;
  private Registry registry;
  private ServiceName service;

  @BeforeAll
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  static void buildAndStart() throws Exception {
    assumeTrue(System.getenv("HOLDFAST_WITHOUT_GO") == null, "left out by HOLDFAST_WITHOUT_GO");
    Path source =
        Path.of(System.getProperty("holdfast.root", ".."), "testing", "interop", "go-etcd");
    Process build;
    try {
      build =
          new ProcessBuilder("go", "build", "-o", binary(), ".")
              .directory(source.toFile())
              .inheritIO()
              .start();
    } catch (IOException e) {
      throw new AssertionError(
          "go: not found (expected: the Go toolchain on the PATH, or HOLDFAST_WITHOUT_GO=1)", e);
    }
    assertThat(build.waitFor(BUILD_TIMEOUT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(build.exitValue()).as("go build in " + source).isZero();
    etcd = EtcdCluster.start(1);
  }

  @AfterAll
  static void stop() {
    if (etcd != null) {
      etcd.close();
    }
  }

  @BeforeEach
  void open() {
    registries = new OpenRegistries();
    registry = registries.open(etcd.uri("", "ttl=5s"));
    service = ServiceName.parse("test/go-" + RUN.incrementAndGet());
  }

  @AfterEach
  void close() {
    registries.close();
  }

  @Test
  void goSeesOurEndpointsComeChangeAndGo() throws Exception {
    try (GoProgram watch = new GoProgram("watch")) {
      OpenRegistries.Announced record =
          registries.announce(
              registry, service, at(1).withZone("a").withMetadata(Map.of("version", "1")));
      watch.await("add 10.0.0.1:50051");
      try (GoProgram list = new GoProgram("list")) {
        list.await("end");
        assertThat(list.lines()).containsExactly("endpoint 10.0.0.1:50051", "end");
      }

      get(record.announcement().withdraw());

      watch.await("delete " + service.path() + "/10.0.0.1:50051");
    }
  }

  @Test
  void weSeeGosEndpointsComeAndGo() throws Exception {
    RecordedWatch watch = registries.watch(registry, service);
    patiently().until(() -> watch.last().isPresent());

    try (GoProgram go = new GoProgram("register", "10.0.0.2:50051")) {
      go.await("registered");
      patiently().until(() -> addresses(watch).equals(List.of("10.0.0.2:50051")));
    }

    patiently().until(() -> addresses(watch).isEmpty());
  }

  @Test
  void aGoClientConnectsToOurEndpointAndSurvivesItsChanges() throws Exception {
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .build()
            .start();
    try (GoProgram go = new GoProgram("connect")) {
      Endpoint endpoint = Endpoint.of("127.0.0.1:" + server.getPort()).withInstance("run-1");
      OpenRegistries.Announced record = registries.announce(registry, service, endpoint);
      go.await("ready");

      // A Metadata that is an object would end the Go program here (etcd#19700).
      for (int i = 2; i <= 5; i++) {
        int published = record.record().published();
        record.announcement().update(endpoint.withWeight(i).withMetadata(Map.of("i", "" + i)));
        patiently().until(() -> record.record().published() > published);
      }
      assertThat(go.isAlive()).isTrue();
    } finally {
      server.shutdownNow();
    }
  }

  private static String binary() {
    return folder.resolve("go-etcd").toAbsolutePath().toString();
  }

  /** The program, running; closing it ends its stdin and expects it to end well. */
  private final class GoProgram implements AutoCloseable {
    private final Process process;
    private final List<String> lines = Collections.synchronizedList(new ArrayList<>());
    private final Thread reader;

    GoProgram(String verb, String... more) throws IOException {
      List<String> command =
          Stream.concat(
                  Stream.of(binary(), verb, etcd.member(0).address(), service.path()),
                  Arrays.stream(more))
              .toList();
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      reader = new Thread(this::read, "go-output");
      reader.start();
    }

    boolean isAlive() {
      return process.isAlive();
    }

    List<String> lines() {
      return List.copyOf(lines);
    }

    void await(String line) {
      patiently().until(() -> lines().contains(line));
    }

    @Override
    public void close() throws Exception {
      process.getOutputStream().close();
      boolean ended = process.waitFor(60, TimeUnit.SECONDS);
      process.destroyForcibly();
      reader.join(Duration.ofSeconds(5).toMillis());
      assertThat(ended).as("the Go program ends with its stdin").isTrue();
      assertThat(process.exitValue()).as("output " + lines).isZero();
    }

    private void read() {
      try (BufferedReader output = process.inputReader()) {
        output.lines().forEach(lines::add);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
