package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.opentelemetry.GrpcOpenTelemetry;
import io.grpc.opentelemetry.InternalGrpcOpenTelemetry;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.collector.trace.v1.TraceServiceGrpc;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** gRPC's tracing on Holdfast's builders: what arrives at a collector (gRFC A72). */
class OpenTelemetryTracesTest {
  private static final String SENT = "Sent.test.Words.Get";
  private static final String ATTEMPT = "Attempt.test.Words.Get";
  private static final String RECEIVED = "Recv.test.Words.Get";
  private static final String ENDPOINTS_CAME = "Delayed name resolution complete";
  private static final String CONNECTION_CAME = "Delayed LB pick complete";

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
    // It is one for the whole process.
    InternalGrpcOpenTelemetry.enableTracing(GrpcOpenTelemetry.newBuilder(), false);
  }

  @Test
  void callThatIsSentAgainIsOneSpanWithItsAttempts() throws Exception {
    try (OpenTelemetrySdk sdk = sdk()) {
      GrpcOpenTelemetry.Builder tracing = GrpcOpenTelemetry.newBuilder().sdk(sdk);
      InternalGrpcOpenTelemetry.enableTracing(tracing, true);
      GrpcOpenTelemetry grpc = tracing.build();
      HoldfastServerBuilder server = topology.server();
      grpc.configureServerBuilder(server);
      HoldfastChannelBuilder client = topology.builder();
      grpc.configureChannelBuilder(client);
      ManagedChannel channel = topology.channel(client);

      // It has begun to wait before there is anybody who could answer.
      Future<String> answer =
          ClientCalls.futureUnaryCall(
              channel.newCall(WordsService.GET, CallOptions.DEFAULT.withWaitForReady()), "word");
      topology.serve(WordsService.askingOnceMore("a", "20"), server);
      assertThat(answer.get(60, TimeUnit.SECONDS)).isEqualTo("a");

      topology.close();
      sdk.getSdkTracerProvider().forceFlush().join(60, TimeUnit.SECONDS);
    }
    List<Span> calls = collector.spans(SENT);
    assertThat(calls)
        .singleElement()
        .satisfies(call -> assertThat(call.getParentSpanId()).isEmpty());
    List<Span> attempts = collector.spans(ATTEMPT);
    assertThat(attempts)
        .hasSize(2)
        .extracting(Span::getParentSpanId)
        .containsOnly(calls.get(0).getSpanId());
    // While the call waits for endpoints, the connection may become ready: then its attempt has
    // nothing to wait for.
    assertThat(events(calls.get(0), attempts.get(0)))
        .as("the call had to wait for endpoints, or its first attempt for a connection")
        .containsAnyOf(ENDPOINTS_CAME, CONNECTION_CAME);
    assertThat(events(attempts.get(1))).doesNotContain(CONNECTION_CAME);
    List<ByteString> ids = attempts.stream().map(Span::getSpanId).toList();
    assertThat(collector.spans(RECEIVED))
        .as("each attempt is known at the server")
        .extracting(Span::getParentSpanId)
        .containsExactlyElementsOf(ids);
  }

  private static List<String> events(Span... spans) {
    return Stream.of(spans)
        .flatMap(span -> span.getEventsList().stream())
        .map(Span.Event::getName)
        .toList();
  }

  private OpenTelemetrySdk sdk() {
    OtlpGrpcSpanExporter exporter =
        OtlpGrpcSpanExporter.builder()
            .setEndpoint("http://127.0.0.1:" + listening.getPort())
            .build();
    return OpenTelemetrySdk.builder()
        .setPropagators(ContextPropagators.create(W3CTraceContextPropagator.getInstance()))
        .setTracerProvider(
            SdkTracerProvider.builder()
                .addSpanProcessor(BatchSpanProcessor.builder(exporter).build())
                .build())
        .build();
  }

  /** A sink of the protocol that collectors speak. */
  private static final class Collector extends TraceServiceGrpc.TraceServiceImplBase {
    private final Queue<Span> received = new ConcurrentLinkedQueue<>();

    /** The spans of a name, the one that began first first. */
    List<Span> spans(String name) {
      return received.stream()
          .filter(span -> span.getName().equals(name))
          .sorted((a, b) -> Long.compare(a.getStartTimeUnixNano(), b.getStartTimeUnixNano()))
          .toList();
    }

    @Override
    public void export(
        ExportTraceServiceRequest request, StreamObserver<ExportTraceServiceResponse> responses) {
      request.getResourceSpansList().stream()
          .flatMap(resource -> resource.getScopeSpansList().stream())
          .forEach(scope -> received.addAll(scope.getSpansList()));
      responses.onNext(ExportTraceServiceResponse.getDefaultInstance());
      responses.onCompleted();
    }
  }
}
