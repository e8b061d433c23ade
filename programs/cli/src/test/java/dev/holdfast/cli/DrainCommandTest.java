package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.admin.AdminOptions;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.grpc.DrainOptions;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import io.grpc.InsecureServerCredentials;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands against a real server, found through a real registry. */
class DrainCommandTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String TOKEN = "a-token-of-this-test";

  @TempDir private Path scratch;
  private FileRegistryDirectory registry;
  private HoldfastServer server;
  private Path token;
  private String endpoint;

  @BeforeEach
  void serve() throws IOException {
    registry = new FileRegistryDirectory(scratch.resolve("registry"));
    token = Files.writeString(scratch.resolve("token"), TOKEN);
    server =
        HoldfastServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                InsecureServerCredentials.create())
            .registries(
                new Registries(RegistryContext.system().withEnvironment(registry.environment())))
            .advertise("127.0.0.1")
            .register("holdfast:///drained")
            .admin(AdminOptions.loopback().withTokenFile(token))
            .drain(DrainOptions.DEFAULT.withSpread(Duration.ZERO).withGrace(Duration.ZERO))
            .build()
            .start();
    endpoint = "127.0.0.1:" + server.getPort();
    registry.awaitEndpoints("drained", lines -> lines.size() == 1);
  }

  @AfterEach
  void close() throws InterruptedException {
    // In order: its record is gone before the folder is.
    assertThat(server.shutdown().awaitTermination(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void endpointIsMarkedAndTakenBack() {
    CommandRun drain = run("drain", "drained", endpoint, token);
    assertThat(drain.code()).as(drain.err()).isZero();
    assertThat(drain.out()).isEqualTo(endpoint + " drains\n");
    registry.awaitEndpoints("drained", lines -> lines.get(0).contains("draining"));

    CommandRun undrain = run("undrain", "drained", endpoint, token);
    assertThat(undrain.code()).as(undrain.err()).isZero();
    assertThat(undrain.out()).isEqualTo(endpoint + " is back\n");
    registry.awaitEndpoints("drained", lines -> !lines.get(0).contains("draining"));
  }

  @Test
  void endpointIsExplained() {
    CommandRun explained = run("explain", "drained", endpoint, token);
    assertThat(explained.code()).as(explained.err()).isZero();
    assertThat(explained.out())
        .contains(
            "drained: eligible; registry: listed; weight 1.",
            "New calls may go there.",
            "Its process " + ProcessHandle.current().pid() + " answers:");
    CommandRun other = run("explain", "drained", "127.0.0.1:1", token);
    assertThat(other.code()).isEqualTo(ExitCode.FAILED);
    assertThat(other.err()).contains("endpoint: 127.0.0.1:1 (expected: one of a service");
    assertThat(run("explain", "drained", "nonsense", token).code()).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void wrongTokenChangesNothing() throws IOException {
    Path wrong = Files.writeString(scratch.resolve("wrong"), "another-token-of-this-test");
    CommandRun run = run("drain", "drained", endpoint, wrong);

    assertThat(run.code()).isEqualTo(ExitCode.FAILED);
    assertThat(run.err()).contains("UNAUTHENTICATED").doesNotContain(TOKEN);
    assertThat(registry.endpoints("drained").get(0)).doesNotContain("draining");
  }

  @Test
  void endpointThatTheRegistryDoesNotHaveIsNamed() {
    CommandRun run = run("drain", "drained", "127.0.0.1:1", token);

    assertThat(run.code()).isEqualTo(ExitCode.FAILED);
    assertThat(run.err()).contains("endpoint: 127.0.0.1:1 (expected: one that the registry has");
    assertThat(run("drain", "drained", "nonsense", token).code()).isEqualTo(ExitCode.USAGE);
  }

  private CommandRun run(String command, String service, String address, Path file) {
    return registry.run(
        command, service, "--endpoint", address, "--admin-token-file", file.toString());
  }
}
