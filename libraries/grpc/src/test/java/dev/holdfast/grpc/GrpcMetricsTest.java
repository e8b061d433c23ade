package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.DocumentedMeter;
import dev.holdfast.grpc.metrics.GrpcMetric;
import dev.holdfast.grpc.metrics.GrpcMetrics;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCalls;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GrpcMetricsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String GET = "test.Words/Get";
  private static final String TARGET = "holdfast:///test/words";

  private final LoopbackTopology topology = new LoopbackTopology();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final GrpcMetrics metrics = GrpcMetrics.of(registry);

  @AfterEach
  void close() {
    topology.close();
  }

  @Test
  void callIsMeasuredOnBothSidesUnderTheNamesOfGrpc() throws Exception {
    topology.serve(new WordsService("a"), measuredServer());

    assertThat(LoopbackTopology.call(measuredChannel(), WordsService.GET)).isEqualTo("a");

    assertThat(registry.get("grpc.client.attempt.started").counter().count()).isEqualTo(1);
    Timer call = registry.get("grpc.client.call.duration").timer();
    assertThat(call.getId().getTags())
        .containsExactlyInAnyOrder(
            Tag.of("grpc.method", GET), Tag.of("grpc.target", TARGET), Tag.of("grpc.status", "OK"));
    assertThat(call.count()).isEqualTo(1);
    assertThat(registry.get("grpc.client.attempt.duration").timer().totalTime(TimeUnit.NANOSECONDS))
        .isPositive()
        .isLessThanOrEqualTo(call.totalTime(TimeUnit.NANOSECONDS));
    assertThat(bytes("grpc.client.attempt.sent_total_compressed_message_size"))
        .isEqualTo("word".length());
    assertThat(bytes("grpc.client.attempt.rcvd_total_compressed_message_size"))
        .isEqualTo("a".length());
    await().atMost(LIMIT).until(() -> registry.find("grpc.server.call.duration").timer() != null);
    assertThat(registry.get("grpc.server.call.started").tag("grpc.method", GET).counter().count())
        .isEqualTo(1);
    assertThat(bytes("grpc.server.call.sent_total_compressed_message_size"))
        .isEqualTo("a".length());
    assertThat(bytes("grpc.server.call.rcvd_total_compressed_message_size"))
        .isEqualTo("word".length());
    assertThat(registry.get("grpc.client.call.retries").summary().count()).isZero();
    assertThat(recorded()).containsAll(names());
  }

  @Test
  void callOfAnIdempotentMethodThatIsSentAgainIsOneCallWithTwoAttempts() throws Exception {
    topology.serve(WordsService.askingOnceMore("a", "20"), measuredServer());

    assertThat(LoopbackTopology.call(measuredChannel(), WordsService.GET)).isEqualTo("a");

    assertThat(registry.get("grpc.client.attempt.started").counter().count()).isEqualTo(2);
    assertThat(registry.get("grpc.client.call.duration").timers())
        .singleElement()
        .satisfies(call -> assertThat(call.count()).isEqualTo(1));
    assertThat(
            registry
                .get("grpc.client.attempt.duration")
                .tag("grpc.status", "UNAVAILABLE")
                .timer()
                .count())
        .isEqualTo(1);
    assertThat(registry.get("grpc.client.call.retries").summary().totalAmount()).isEqualTo(1);
    assertThat(
            registry.get("grpc.client.call.retry_delay").timer().totalTime(TimeUnit.MILLISECONDS))
        .isGreaterThanOrEqualTo(20);
  }

  @Test
  void connectionsAreMeasuredAsGrpcDefinesThem() throws Exception {
    HoldfastServer server = topology.serve(new WordsService("a"), measuredServer());
    ManagedChannel channel = measuredChannel();

    LoopbackTopology.call(channel, WordsService.GET);

    await()
        .atMost(LIMIT)
        .until(
            () ->
                registry
                        .find("grpc.subchannel.connection_attempts_succeeded")
                        .tag("grpc.target", TARGET)
                        .counter()
                    != null);
    server.shutdownNow();
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> {
              assertThat(registry.find("grpc.subchannel.disconnections").counters())
                  .isNotEmpty()
                  .allSatisfy(
                      lost ->
                          assertThat(lost.getId().getTag("grpc.disconnect_error")).isNotEmpty());
              assertThat(registry.find("grpc.subchannel.open_connections").gauges())
                  .isNotEmpty()
                  .allSatisfy(open -> assertThat(open.value()).isZero());
            });
  }

  /** On Linux: grpc-java asks the kernel by epoll, when a connection ends and every few minutes. */
  @Test
  void tcpIsMeasuredAsGrpcDefinesIt() throws Exception {
    topology.serve(new WordsService("a"), measuredServer());
    ManagedChannel channel = measuredChannel();
    LoopbackTopology.call(channel, WordsService.GET);

    assertThat(registry.get("grpc.tcp.connections_created").counters())
        .isNotEmpty()
        .allSatisfy(created -> assertThat(created.count()).isPositive());
    assertThat(registry.get("grpc.tcp.connection_count").gauges())
        .isNotEmpty()
        .anySatisfy(open -> assertThat(open.value()).isEqualTo(1));
    channel.shutdownNow();
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> {
              assertThat(registry.get("grpc.tcp.connection_count").gauges())
                  .allSatisfy(open -> assertThat(open.value()).isZero());
              assertThat(registry.find("grpc.tcp.min_rtt").meters()).isNotEmpty();
            });
  }

  @Test
  void methodThatIsNotOfGeneratedCodeIsOther() throws Exception {
    topology.serve(new WordsService("a"), measuredServer());

    ClientCalls.blockingUnaryCall(
        measuredChannel(),
        WordsService.GET.toBuilder().setSampledToLocalTracing(false).build(),
        CallOptions.DEFAULT.withDeadlineAfter(LIMIT),
        "word");

    assertThat(registry.get("grpc.client.call.duration").tag("grpc.method", "other").timer())
        .isNotNull();
  }

  private double bytes(String meter) {
    return registry.get(meter).summary().totalAmount();
  }

  private List<String> recorded() {
    return registry.getMeters().stream().map(Meter::getId).map(Meter.Id::getName).toList();
  }

  private static List<String> names() {
    return Arrays.stream(GrpcMetric.values()).map(DocumentedMeter::meterName).toList();
  }

  private HoldfastServerBuilder measuredServer() {
    HoldfastServerBuilder builder = topology.server();
    metrics.configureServerBuilder(builder);
    return builder;
  }

  private ManagedChannel measuredChannel() {
    HoldfastChannelBuilder builder = topology.builder();
    metrics.configureChannelBuilder(builder);
    return topology.channel(builder);
  }
}
