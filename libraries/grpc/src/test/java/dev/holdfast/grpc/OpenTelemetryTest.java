package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.opentelemetry.GrpcOpenTelemetry;
import io.grpc.stub.StreamObserver;
import io.opentelemetry.exporter.otlp.metrics.OtlpGrpcMetricExporter;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceResponse;
import io.opentelemetry.proto.collector.metrics.v1.MetricsServiceGrpc;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A program that has OpenTelemetry and adds grpc-opentelemetry, as it would to any channel: what
 * its exporter sends arrives at a collector.
 */
class OpenTelemetryTest {
  private final LoopbackTopology topology = new LoopbackTopology();
  private final Collector collector = new Collector();
  private Server listening;

  @BeforeEach
  void listen() throws Exception {
    listening =
        NettyServerBuilder.forAddress(LoopbackTopology.at(0)).addService(collector).build().start();
  }

  @AfterEach
  void close() {
    topology.close();
    listening.shutdownNow();
  }

  @Test
  void collectorReceivesCallsAttemptsRetriesAndConnections() throws Exception {
    try (OpenTelemetrySdk sdk = sdk()) {
      GrpcOpenTelemetry grpc =
          GrpcOpenTelemetry.newBuilder()
              .sdk(sdk)
              .enableMetrics(
                  List.of(
                      "grpc.client.call.retries",
                      "grpc.client.call.retry_delay",
                      "grpc.subchannel.connection_attempts_succeeded",
                      "grpc.subchannel.open_connections"))
              .build();
      HoldfastServerBuilder server = topology.server();
      grpc.configureServerBuilder(server);
      topology.serve(WordsService.askingOnceMore("a", "20"), server);
      HoldfastChannelBuilder client = topology.builder();
      grpc.configureChannelBuilder(client);
      ManagedChannel channel = topology.channel(client);

      assertThat(LoopbackTopology.call(channel, WordsService.GET)).isEqualTo("a");

      sdk.getSdkMeterProvider().forceFlush().join(60, TimeUnit.SECONDS);
    }
    assertThat(collector.received)
        .containsKeys(
            "grpc.client.attempt.started",
            "grpc.client.attempt.duration",
            "grpc.client.attempt.sent_total_compressed_message_size",
            "grpc.client.attempt.rcvd_total_compressed_message_size",
            "grpc.client.call.duration",
            "grpc.client.call.retries",
            "grpc.client.call.retry_delay",
            "grpc.server.call.started",
            "grpc.server.call.duration",
            "grpc.subchannel.connection_attempts_succeeded",
            "grpc.subchannel.open_connections");
    assertThat(collector.metric("grpc.client.attempt.started").getSum().getDataPoints(0))
        .satisfies(
            attempts -> {
              assertThat(attempts.getAsInt()).isEqualTo(2);
              assertThat(attempts.getAttributesList())
                  .extracting(label -> label.getKey() + "=" + label.getValue().getStringValue())
                  .contains("grpc.method=test.Words/Get", "grpc.target=holdfast:///test/words");
            });
    assertThat(collector.metric("grpc.client.call.duration").getHistogram().getDataPointsList())
        .as("an attempt that failed and one that answered are one call")
        .singleElement()
        .satisfies(call -> assertThat(call.getCount()).isEqualTo(1));
  }

  private OpenTelemetrySdk sdk() {
    OtlpGrpcMetricExporter exporter =
        OtlpGrpcMetricExporter.builder()
            .setEndpoint("http://127.0.0.1:" + listening.getPort())
            .build();
    return OpenTelemetrySdk.builder()
        .setMeterProvider(
            SdkMeterProvider.builder()
                .registerMetricReader(PeriodicMetricReader.create(exporter))
                .build())
        .build();
  }

  /** A sink of the protocol that collectors speak. */
  private static final class Collector extends MetricsServiceGrpc.MetricsServiceImplBase {
    private final Map<String, Metric> received = new ConcurrentHashMap<>();

    Metric metric(String name) {
      return Objects.requireNonNull(received.get(name), name);
    }

    @Override
    public void export(
        ExportMetricsServiceRequest request,
        StreamObserver<ExportMetricsServiceResponse> responses) {
      request.getResourceMetricsList().stream()
          .flatMap(resource -> resource.getScopeMetricsList().stream())
          .flatMap(scope -> scope.getMetricsList().stream())
          .forEach(metric -> received.put(metric.getName(), metric));
      responses.onNext(ExportMetricsServiceResponse.getDefaultInstance());
      responses.onCompleted();
    }
  }
}
