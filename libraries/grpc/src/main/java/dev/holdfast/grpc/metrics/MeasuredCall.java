package dev.holdfast.grpc.metrics;

import dev.holdfast.grpc.internal.version.MetricSupport;
import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.TimeUnit;

/**
 * The measurement of one call and its attempts (gRFC A66 and A96). gRPC asks it for a tracer of
 * each attempt, those of retries by Holdfast included, as they share the options of the call.
 * Thread-safe: a hedged call has several attempts at a time.
 */
final class MeasuredCall extends ClientStreamTracer.Factory {
  private final CallMeters meters;
  private final String method;
  private final String target;
  private final CallMeters.ClientMeters ofMethod;
  private final long beganNanos = System.nanoTime();

  // Guarded by this.
  private int attempts;
  private int transparentRetries;
  private int hedges;
  private int open;
  private long idleSinceNanos;
  private long retryDelayNanos;

  MeasuredCall(CallMeters meters, String method, String target) {
    this.meters = meters;
    this.method = method;
    this.target = target;
    this.ofMethod = meters.client(method, target);
  }

  @Override
  public ClientStreamTracer newClientStreamTracer(
      ClientStreamTracer.StreamInfo info, Metadata headers) {
    onAttempt(info);
    ofMethod.started().increment();
    return new AttemptTracer();
  }

  private synchronized void onAttempt(ClientStreamTracer.StreamInfo info) {
    boolean first = attempts + transparentRetries + hedges == 0;
    if (info.isTransparentRetry()) {
      transparentRetries++;
    } else if (MetricSupport.isHedging(info) && !first) {
      hedges++;
    } else {
      attempts++;
    }
    if (!first && open == 0) {
      retryDelayNanos += System.nanoTime() - idleSinceNanos;
    }
    open++;
  }

  private synchronized void onAttemptClosed() {
    open--;
    idleSinceNanos = System.nanoTime();
  }

  /** The application hears the end of the call. */
  synchronized void onCallClosed(Status status) {
    meters
        .clientCall(method, target, status.getCode())
        .record(System.nanoTime() - beganNanos, TimeUnit.NANOSECONDS);
    int retries = Math.max(0, attempts - 1);
    if (retries > 0) {
      ofMethod.retries().record(retries);
    }
    if (transparentRetries > 0) {
      ofMethod.transparentRetries().record(transparentRetries);
    }
    if (hedges > 0) {
      ofMethod.hedges().record(hedges);
    }
    if (retries + transparentRetries > 0) {
      ofMethod.retryDelay().record(retryDelayNanos, TimeUnit.NANOSECONDS);
    }
  }

  /** The tracer of one attempt. */
  private final class AttemptTracer extends ClientStreamTracer {
    private final MeasuredStream measured = new MeasuredStream();

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
      onAttemptClosed();
      measured.recordTo(meters.attempt(method, target, status.getCode()));
    }
  }
}
