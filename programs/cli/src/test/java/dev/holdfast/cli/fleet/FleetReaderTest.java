package dev.holdfast.cli.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.admin.AdminAddress;
import dev.holdfast.cli.UserError;
import dev.holdfast.core.Clock;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.ServiceName;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The reader, and processes that do not answer. */
class FleetReaderTest {
  private static final FleetQuery QUERY =
      new FleetQuery(FleetView.STREAMS, "sent", false, List.of(), 10);

  @Test
  void silentProcessIsConnectedToAgainAtEachLook() throws InterruptedException {
    BackoffRecorder channel = new BackoffRecorder();
    try (FleetReader reader =
        new FleetReader(
            () -> FleetServices.ServicesState.NONE,
            List.of(HostPort.parse("127.0.0.1:1")),
            address -> channel,
            Clock.system())) {
      assertThat(reader.read(QUERY).silent()).hasSize(1);
      assertThat(channel.resets).isZero();

      assertThat(reader.read(QUERY).silent()).hasSize(1);
      assertThat(reader.read(QUERY).silent()).hasSize(1);
      assertThat(channel.resets).isEqualTo(2);
    }
  }

  @Test
  void thousandProcessesAreReadThoughSomeAreSilent() throws Exception {
    try (FakeAdminServer process = FakeAdminServer.start("process", List.of(7L))) {
      List<Endpoint> endpoints =
          IntStream.range(0, FleetReader.MAX_INSTANCES)
              .mapToObj(i -> endpoint(i, i % 4 == 0 ? 1 : process.address().port()))
              .toList();
      try (FleetReader reader = reader(EndpointSet.of(endpoints))) {
        // On a busy machine the first answer may take longer than the first look waits.
        FleetSnapshot first =
            await()
                .pollInSameThread()
                .pollInterval(Duration.ofSeconds(1))
                .atMost(Duration.ofMinutes(2))
                .until(
                    () -> reader.read(QUERY),
                    look -> look.silent().size() == FleetReader.MAX_INSTANCES / 4);
        assertThat(first.instances()).hasSize(FleetReader.MAX_INSTANCES);
        assertThat(first.matched()).isEqualTo(FleetReader.MAX_INSTANCES * 3L / 4);
        assertThat(first.rows()).hasSize(QUERY.limit());
        assertThat(reader.read(QUERY.from(reader.behind(first))).rows()).hasSize(QUERY.limit());
      }
    }
  }

  @Test
  void processesOfOtherVersionsAreReadAsFarAsTheyGo() throws Exception {
    try (FakeAdminServer later = FakeAdminServer.ofALaterVersion("process");
        FakeAdminServer earlier = FakeAdminServer.withoutStreams("process");
        FleetReader reader =
            reader(
                EndpointSet.of(
                    endpoint(1, later.address().port()), endpoint(2, earlier.address().port())))) {
      FleetSnapshot streams = reader.read(QUERY);
      assertThat(streams.silent()).isEmpty();
      assertThat(streams.rows())
          .singleElement()
          .satisfies(row -> assertThat(row.values()).containsEntry("id", "later"));
      assertThat(reader.read(FleetQuery.of(FleetView.SERVICES, List.of(), 10)).rows()).hasSize(2);
    }
  }

  @Test
  void processThatRefusesWhatOthersAnswerIsNamedAndTheOthersAreShown() throws Exception {
    try (FakeAdminServer process = FakeAdminServer.start("process", List.of(7L));
        FakeAdminServer earlier = FakeAdminServer.withoutSortKeys("process");
        FleetReader reader =
            reader(
                EndpointSet.of(
                    endpoint(1, earlier.address().port()), endpoint(2, process.address().port())));
        FleetReader alone = reader(EndpointSet.of(endpoint(1, earlier.address().port())))) {
      FleetSnapshot streams = reader.read(QUERY);
      assertThat(streams.silent()).isEmpty();
      assertThat(streams.rows()).hasSize(1);
      assertThat(streams.refusing())
          .singleElement()
          .satisfies(
              refusing ->
                  assertThat(refusing.cause()).isEqualTo("sort: \"sent\" (expected: none)"));
      assertThat(reader.read(FleetQuery.of(FleetView.SERVICES, List.of(), 10)).refusing())
          .isEmpty();

      assertThatThrownBy(() -> alone.read(QUERY))
          .as("nobody answers it")
          .isInstanceOf(UserError.class)
          .hasMessageContaining("sort: \"sent\" (expected: none)");
    }
  }

  /** An endpoint whose process has an admin service at this port of an address of its own. */
  private static Endpoint endpoint(int number, int adminPort) {
    String host = "127.0." + (1 + number / 250) + "." + (1 + number % 250);
    return Endpoint.of(host + ":50051")
        .withMetadata(Map.of(AdminAddress.KEY, host + ":" + adminPort + " process"));
  }

  private static FleetReader reader(EndpointSet endpoints) {
    ServiceName service = ServiceName.of("prod", "orders");
    return new FleetReader(
        () -> new FleetServices.ServicesState(Map.of(service, endpoints), Map.of(), "", 0),
        List.of(),
        admin ->
            Grpc.newChannelBuilder(admin.address().toString(), InsecureChannelCredentials.create())
                .build(),
        Clock.system());
  }

  /** A channel to a port where nobody listens, which counts how often it is not to wait. */
  private static final class BackoffRecorder extends ManagedChannel {
    private final ManagedChannel channel =
        Grpc.newChannelBuilder("127.0.0.1:1", InsecureChannelCredentials.create()).build();
    private int resets;

    @Override
    public void resetConnectBackoff() {
      resets++;
      channel.resetConnectBackoff();
    }

    @Override
    public <Q, A> ClientCall<Q, A> newCall(MethodDescriptor<Q, A> method, CallOptions options) {
      return channel.newCall(method, options);
    }

    @Override
    public String authority() {
      return channel.authority();
    }

    @Override
    public ManagedChannel shutdown() {
      return channel.shutdown();
    }

    @Override
    public ManagedChannel shutdownNow() {
      return channel.shutdownNow();
    }

    @Override
    public boolean isShutdown() {
      return channel.isShutdown();
    }

    @Override
    public boolean isTerminated() {
      return channel.isTerminated();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
      return channel.awaitTermination(timeout, unit);
    }
  }
}
