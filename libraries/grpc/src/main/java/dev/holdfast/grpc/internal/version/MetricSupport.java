package dev.holdfast.grpc.internal.version;

import io.grpc.ClientStreamTracer;
import io.grpc.MetricSink;
import io.grpc.ServerBuilder;

/** The parts of gRPC's own metrics that not every version of grpc-java has. */
public final class MetricSupport {
  private static final boolean HEDGES =
      GrpcFeature.isPresent("io.grpc.ClientStreamTracer$StreamInfo#isHedging");
  private static final boolean SERVER_SINKS =
      GrpcFeature.isPresent("io.grpc.ServerBuilder#addMetricSink");

  private MetricSupport() {}

  /** Whether an attempt is a hedge; false where gRPC does not tell. */
  public static boolean isHedging(ClientStreamTracer.StreamInfo info) {
    return HEDGES && info.isHedging();
  }

  /** Records the connections of a server, where gRPC measures them. */
  public static void addSink(ServerBuilder<?> builder, MetricSink sink) {
    if (SERVER_SINKS) {
      builder.addMetricSink(sink);
    }
  }
}
