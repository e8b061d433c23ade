package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.admin.AdminAddress;
import dev.holdfast.admin.AdminOptions;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.examples.v1.Reading;
import dev.holdfast.examples.v1.TelemetryGrpc;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.streams.grpc.ClientStreams;
import dev.holdfast.streams.grpc.ServerStreams;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command against a real server with streams, found through a real registry. */
class TopCommandTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String TOKEN = "a-token-of-this-test";
  private static final int DEVICES = 5;

  @TempDir private static Path scratch;

  private static FileRegistryDirectory registry;
  private static ServerStreams streams;
  private static ClientStreams clients;
  private static HoldfastServer server;
  private static ManagedChannel channel;

  @BeforeAll
  static void openStreams() throws IOException {
    registry = new FileRegistryDirectory(scratch);
    streams = ServerStreams.builder().build();
    Registries registries =
        new Registries(RegistryContext.system().withEnvironment(registry.environment()));
    server =
        HoldfastServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                InsecureServerCredentials.create())
            .registries(registries)
            .addService(streams.resumable(new AcknowledgingTelemetry()))
            .advertise("127.0.0.1")
            .register("holdfast:///telemetry")
            .admin(AdminOptions.loopback())
            .build()
            .start();
    clients = ClientStreams.builder().build();
    channel =
        HoldfastChannelBuilder.forTarget(
                "127.0.0.1:" + server.getPort(), InsecureChannelCredentials.create())
            .intercept(clients)
            .build();
    for (int i = 1; i <= DEVICES; i++) {
      StreamObserver<Reading> readings =
          TelemetryGrpc.newStub(channel).report(new AcknowledgingTelemetry.Ignoring());
      readings.onNext(Reading.newBuilder().setDevice("device-" + i).setNumber(1).build());
    }
    await()
        .atMost(LIMIT)
        .until(
            () ->
                streams.sessions().size() == DEVICES
                    && streams.sessions().stream().allMatch(session -> session.processed() == 1));
    registry.awaitEndpoints("telemetry", lines -> lines.size() == 1);
  }

  @AfterAll
  static void close() {
    clients.close();
    channel.shutdownNow();
    server.shutdownNow();
    streams.close();
    // It goes in the background, and would meet the removal of the folder.
    registry.awaitEndpoints("telemetry", List::isEmpty);
  }

  @Test
  void addressOfTheAdminServiceStandsInTheMetadataOfTheEndpoint() {
    assertThat(registry.endpoints("telemetry"))
        .singleElement()
        .satisfies(line -> assertThat(line).contains(AdminAddress.KEY + "=127.0.0.1:"));
  }

  @Test
  void servicesAreFoundThroughTheRegistryWithWhatEachProcessSays() {
    CommandRun run = registry.run("top");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("services=1  instances=1 of 1  sort=service ascending")
        .contains("telemetry")
        .contains("127.0.0.1:" + server.getPort())
        .contains("eligible")
        .contains("answers");
  }

  @Test
  void connectionsShowThePeersAndTheirAgents() {
    CommandRun run =
        registry.run(
            "top", "telemetry", "--view", "connections", "--filter", "local~:" + server.getPort());

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("grpc-java-netty/")
        .contains("server")
        .contains("instances=1 of 1");
  }

  @Test
  void streamsAreSortedAndFilteredByTheProcess() {
    CommandRun run =
        registry.run(
            "top",
            "--view",
            "streams",
            "--sort",
            "sent",
            "--filter",
            "role=server",
            "--filter",
            "method~Telemetry",
            "--limit",
            "3");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("sort=sent")
        .contains("SENTv")
        .contains("ATTACHED")
        .contains("holdfast.examples.v1.Telemetry/Report")
        .contains("more than these 3");
  }

  @Test
  void jsonPrintsEveryViewOnceAndEnds() {
    CommandRun run = registry.run("top", "--json");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out().lines()).hasSize(1);
    assertThat(run.out())
        .contains("\"services\":{\"total\":1")
        .contains("\"connections\":{")
        .contains("\"closed\":{")
        .contains("\"streams\":{")
        .contains("\"ended\":{")
        .contains("\"answers\":true")
        .contains("\"unacked_ms\":");
  }

  @Test
  void instanceThatDoesNotAnswerIsShownAndTheRestGoesOn() {
    CommandRun run = registry.run("top", "--view", "streams", "--admin-address", "127.0.0.1:1");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("instances=1 of 2")
        .contains("silent: 127.0.0.1:1 for ")
        .contains("ATTACHED");
  }

  @Test
  void instanceThatWantsATokenSaysWhatIsMissing() throws IOException {
    FileRegistryDirectory other = new FileRegistryDirectory(scratch.resolve("other"));
    Path file = Files.writeString(scratch.resolve("token"), TOKEN);
    Path wrong = Files.writeString(scratch.resolve("wrong"), "another-token-of-this-test");
    HoldfastServer guarded =
        HoldfastServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                InsecureServerCredentials.create())
            .registries(
                new Registries(RegistryContext.system().withEnvironment(other.environment())))
            .advertise("127.0.0.1")
            .register("holdfast:///guarded")
            .admin(AdminOptions.loopback().withTokenFile(file))
            .build()
            .start();
    try {
      other.awaitEndpoints("guarded", lines -> lines.size() == 1);
      String[] command = {"top", "guarded", "--view", "connections", "--admin-token-file"};

      CommandRun without = other.run("top", "guarded", "--view", "connections");
      assertThat(without.code()).isEqualTo(ExitCode.FAILED);
      assertThat(without.out()).contains("instances=0 of 1").contains("--admin-token-file");

      CommandRun refused = other.run(with(command, wrong.toString()));
      assertThat(refused.code()).isEqualTo(ExitCode.FAILED);

      CommandRun shown = other.run(with(command, file.toString()));
      assertThat(shown.code()).as(shown.out()).isZero();
      assertThat(shown.out() + shown.err() + refused.out()).doesNotContain(TOKEN);
    } finally {
      guarded.shutdownNow();
    }
  }

  @Test
  void wrongWordsAreRefusedWithWhatIsExpected() {
    CommandRun view = registry.run("top", "--view", "everything");
    assertThat(view.code()).isEqualTo(ExitCode.USAGE);
    assertThat(view.err()).contains("view: everything (expected: one of services, connections");

    CommandRun sort = registry.run("top", "--view", "streams", "--sort", "aked");
    assertThat(sort.code()).isEqualTo(ExitCode.USAGE);
    assertThat(sort.err()).contains("sort: aked (expected: acked?)");

    CommandRun filter = registry.run("top", "--view", "streams", "--filter", "stat=ATTACHED");
    assertThat(filter.code()).isEqualTo(ExitCode.USAGE);
    assertThat(filter.err()).contains("filter: \"stat\" (expected: state?)");

    CommandRun limit = registry.run("top", "--limit", "1000000000");
    assertThat(limit.code()).isEqualTo(ExitCode.USAGE);
    assertThat(limit.err()).contains("limit: 1000000000 (expected: 1 to 1000)");

    CommandRun none = CommandRun.with(Map.of(), "top");
    assertThat(none.code()).isEqualTo(ExitCode.USAGE);
    assertThat(none.err()).contains("registry: none");
  }

  @Test
  void serviceThatNobodyAnnouncedIsNoFailureToShow() {
    CommandRun run = registry.run("top", "nobody");

    assertThat(run.code()).isZero();
    assertThat(run.out()).contains("nobody").contains("no endpoint");
  }

  private static String[] with(String[] command, String last) {
    String[] whole = Arrays.copyOf(command, command.length + 1);
    whole[command.length] = last;
    return whole;
  }
}
