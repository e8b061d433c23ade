package dev.holdfast.grpc.metrics;

import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

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
    private final long beganNanos = System.nanoTime();
    private final AtomicLong sentBytes = new AtomicLong();
    private final AtomicLong receivedBytes = new AtomicLong();

    /** Of a method that the server does not have, until it is found to have it. */
    private volatile String method = CallMeters.OTHER;

    @Override
    public void serverCallStarted(ServerCallInfo<?, ?> call) {
      method = CallMeters.label(call.getMethodDescriptor());
      meters.serverStarted(method).increment();
    }

    @Override
    public void outboundWireSize(long bytes) {
      sentBytes.addAndGet(bytes);
    }

    @Override
    public void inboundWireSize(long bytes) {
      receivedBytes.addAndGet(bytes);
    }

    @Override
    public void streamClosed(Status status) {
      CallMeters.ServerMeters ended = meters.serverCall(method, status.getCode());
      ended.duration().record(System.nanoTime() - beganNanos, TimeUnit.NANOSECONDS);
      ended.sent().record((double) sentBytes.get());
      ended.received().record((double) receivedBytes.get());
    }
  }
}
