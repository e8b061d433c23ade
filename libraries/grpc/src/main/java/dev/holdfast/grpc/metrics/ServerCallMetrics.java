package dev.holdfast.grpc.metrics;

import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;

/** The measurement of the calls of a server (gRFC A66). Thread-safe. */
final class ServerCallMetrics extends ServerStreamTracer.Factory {
  private final CallMeters meters;

  ServerCallMetrics(CallMeters meters) {
    this.meters = meters;
  }

  @Override
  public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
    return new CallTracer();
  }

  /** The tracer of one call. */
  private final class CallTracer extends ServerStreamTracer {
    private final MeasuredStream measured = new MeasuredStream();

    /** Of a method that the server does not have, until it is found to have it. */
    private volatile String method = CallMeters.OTHER;

    @Override
    public void serverCallStarted(ServerCallInfo<?, ?> call) {
      method = CallMeters.label(call.getMethodDescriptor());
      meters.serverStarted(method).increment();
    }

    @Override
    public void outboundWireSize(long bytes) {
      measured.sent(bytes);
    }

    @Override
    public void inboundWireSize(long bytes) {
      measured.received(bytes);
    }

    @Override
    public void streamClosed(Status status) {
      measured.recordTo(meters.serverCall(method, status.getCode()));
    }
  }
}
