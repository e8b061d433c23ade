package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.examples.v1.Reading;
import dev.holdfast.examples.v1.TelemetryGrpc;
import dev.holdfast.streams.grpc.ClientStreams;
import dev.holdfast.streams.grpc.ServerStreams;
import dev.holdfast.streams.grpc.SessionView;
import dev.holdfast.streams.grpc.StreamsAdmin;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The command, and by its generated client the hand-written service, against a real server. */
class StreamsCommandTest {
  private static final Metadata.Key<String> USER =
      Metadata.Key.of("user", Metadata.ASCII_STRING_MARSHALLER);
  private static final String SECRET = "s3cret-of-a-user";
  private static final int DEVICES = 5;

  private static final List<StreamObserver<Reading>> devices = new ArrayList<>();
  private static ServerStreams streams;
  private static ClientStreams clients;
  private static Server server;
  private static Server without;
  private static ManagedChannel channel;

  @BeforeAll
  static void openStreams() throws IOException {
    streams =
        ServerStreams.builder()
            .principal((attributes, headers) -> String.valueOf(headers.get(USER)))
            .build();
    server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(streams.resumable(new AcknowledgingTelemetry()))
            .addService(StreamsAdmin.of(streams))
            .build()
            .start();
    without =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(streams.resumable(new AcknowledgingTelemetry()))
            .build()
            .start();
    clients = ClientStreams.builder().build();
    channel =
        Grpc.newChannelBuilder(address(server), InsecureChannelCredentials.create())
            .intercept(clients)
            .build();
    for (int i = 1; i <= DEVICES; i++) {
      devices.add(open("device-" + i));
    }
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () ->
                streams.sessions().size() == DEVICES
                    && streams.sessions().stream()
                        .allMatch(session -> session.processed() == 1 && session.sent() == 1));
  }

  @AfterAll
  static void close() {
    clients.close();
    channel.shutdownNow();
    server.shutdownNow();
    without.shutdownNow();
    streams.close();
  }

  @Test
  void showsEverySessionWithItsNumbersAndTheTotals() {
    CommandRun run = CommandRun.of("streams", address(server));

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out().lines().findFirst()).contains("sessions=5 ATTACHED=5");
    for (SessionView session : streams.sessions()) {
      assertThat(run.out())
          .contains(session.id().substring(0, 12))
          .contains(session.principal())
          .contains(session.peer());
    }
    assertThat(run.out()).contains("holdfast.examples.v1.Telemetry/Report");
  }

  @Test
  void printsWhatProgramsNeedAndNoHeader() {
    CommandRun run = CommandRun.of("streams", address(server), "--json", "--principal", "device-3");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("\"total\":1,\"by_state\":{\"ATTACHED\":1},\"more\":false")
        .contains("\"principal\":\"device-3\"")
        .contains("\"attempts\":1")
        .contains("\"processed\":1")
        .contains("\"sent\":1")
        .doesNotContain("device-4")
        .doesNotContain(SECRET);
  }

  @Test
  void saysThatThereAreMoreThanWereAskedFor() {
    CommandRun run = CommandRun.of("streams", address(server), "--limit", "2");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).contains("sessions=5 ATTACHED=5").contains("more than these 2");
    assertThat(run.out().lines()).hasSize(5);
  }

  @Test
  void totalsCountEveryStateWhateverTheListShows() {
    CommandRun run = CommandRun.of("streams", address(server), "--state", "detached");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).isEqualToIgnoringNewLines("sessions=5 ATTACHED=5");
  }

  @Test
  void serverWithoutTheServiceIsToldTheLineToAdd() {
    CommandRun run = CommandRun.of("streams", address(without));

    assertThat(run.code()).isEqualTo(ExitCode.FAILED);
    assertThat(run.err()).contains("addService(StreamsAdmin.of(streams))");
  }

  @Test
  void wrongStateIsRefusedWithTheStatesThereAre() {
    CommandRun run = CommandRun.of("streams", address(server), "--state", "ASLEEP");

    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("state: ASLEEP (expected: one of").contains("DETACHED");
  }

  @Test
  void serverThatIsNotThereIsNamed() {
    CommandRun run = CommandRun.of("streams", "127.0.0.1:1");

    assertThat(run.code()).isEqualTo(ExitCode.FAILED);
    assertThat(run.err()).contains("127.0.0.1:1: UNAVAILABLE");
  }

  @Test
  void watchThatNeverReachedTheServerFailsAtOnce() {
    CommandRun run = CommandRun.of("streams", "127.0.0.1:1", "--watch");

    assertThat(run.code()).isEqualTo(ExitCode.FAILED);
  }

  @Test
  void certificateWithoutItsKeyIsRefused() {
    CommandRun run = CommandRun.of("streams", address(server), "--cert", "client.pem");

    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("cert, key: one of them");
  }

  private static StreamObserver<Reading> open(String name) {
    Metadata headers = new Metadata();
    headers.put(USER, name);
    headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), SECRET);
    StreamObserver<Reading> readings =
        TelemetryGrpc.newStub(channel)
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
            .report(new AcknowledgingTelemetry.Ignoring());
    readings.onNext(Reading.newBuilder().setDevice(name).setNumber(1).build());
    return readings;
  }

  private static String address(Server of) {
    return "127.0.0.1:" + of.getPort();
  }
}
