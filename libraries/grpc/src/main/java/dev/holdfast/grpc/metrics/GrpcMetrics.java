package dev.holdfast.grpc.metrics;

import dev.holdfast.grpc.internal.version.MetricSupport;
import io.grpc.InternalManagedChannelBuilder;
import io.grpc.ManagedChannelBuilder;
import io.grpc.ServerBuilder;
import io.micrometer.core.instrument.MeterRegistry;

/**
 * gRPC's own metrics in a Micrometer registry: calls and attempts (gRFC A66), retries (A96),
 * connections (A94) and TCP (A80), with the names, labels and buckets of these texts. For
 * applications without OpenTelemetry; those with it add grpc-opentelemetry, which records the same
 * on channels and servers of Holdfast as on others.
 *
 * <pre>{@code
 * GrpcMetrics metrics = GrpcMetrics.of(registry);
 * metrics.configureChannelBuilder(channelBuilder);
 * metrics.configureServerBuilder(serverBuilder);
 * }</pre>
 *
 * <p>One for a registry serves all channels and servers. Methods that are not of generated code are
 * {@code other} in {@code grpc.method}, as in A66. Thread-safe.
 */
public final class GrpcMetrics {
  private final CallMeters meters;
  private final MicrometerMetricSink sink;

  private GrpcMetrics(MeterRegistry registry) {
    meters = new CallMeters(registry);
    sink = new MicrometerMetricSink(registry);
  }

  /** The metrics of gRPC in a registry. */
  public static GrpcMetrics of(MeterRegistry registry) {
    return new GrpcMetrics(registry);
  }

  /** Measures the calls and connections of the channel to be built. */
  public void configureChannelBuilder(ManagedChannelBuilder<?> builder) {
    InternalManagedChannelBuilder.addMetricSink(builder, sink);
    InternalManagedChannelBuilder.interceptWithTarget(
        builder, target -> new ClientCallMetrics(meters, target));
  }

  /**
   * Measures the calls of the server to be built, and its connections where its grpc-java measures
   * those.
   */
  public void configureServerBuilder(ServerBuilder<?> builder) {
    MetricSupport.addSink(builder, sink);
    builder.addStreamTracerFactory(new ServerCallMetrics(meters));
  }
}
