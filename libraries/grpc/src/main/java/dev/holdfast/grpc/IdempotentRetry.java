package dev.holdfast.grpc;

import dev.holdfast.core.Scheduler;
import dev.holdfast.grpc.internal.meter.GrpcMeter;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.MethodDescriptor;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.Executor;

/**
 * A client interceptor that retries calls whose connection died, for methods declared idempotent
 * only.
 *
 * <p>gRPC's transparent retries, for calls that provably never reached a server, stay active
 * beneath it. Only methods with a single request are retried, because a client's stream cannot be
 * replayed.
 */
final class IdempotentRetry implements ClientInterceptor {
  /**
   * The state that all calls of a channel share.
   *
   * @param scheduler runs the delays
   * @param offload starts the delayed attempts
   * @param service the tag of the meters
   */
  record RetryContext(
      RetryOptions options,
      RetryTokenBucket budget,
      Scheduler scheduler,
      Executor offload,
      MeterRegistry meters,
      String service) {

    /** Shows a counter at zero: of one that begins with its first event no rate can be seen. */
    void show(GrpcMeter meter) {
      var unused = meter.counter(meters, service);
    }

    void count(GrpcMeter meter) {
      meter.counter(meters, service).increment();
    }

    void countRefused(String reason) {
      GrpcMeter.RETRIES_REFUSED.counter(meters, service, reason).increment();
    }
  }

  private final IdempotentMethods methods = new IdempotentMethods();
  private final RetryContext retryContext;

  IdempotentRetry(
      RetryOptions options,
      Scheduler scheduler,
      Executor offload,
      MeterRegistry meters,
      String service) {
    RetryTokenBucket budget = new RetryTokenBucket(options.budgetTokens(), options.budgetRatio());
    this.retryContext = new RetryContext(options, budget, scheduler, offload, meters, service);
    retryContext.show(GrpcMeter.CALLS_RETRIED);
    retryContext.show(GrpcMeter.RETRIES);
  }

  @Override
  public <ReqT, RespT> ClientCall<ReqT, RespT> interceptCall(
      MethodDescriptor<ReqT, RespT> method, CallOptions callOptions, Channel next) {
    if (!method.getType().clientSendsOneMessage() || !methods.contains(method)) {
      return next.newCall(method, callOptions);
    }
    retryContext.budget().onCall();
    return new RetriedCall<>(retryContext, next, method, callOptions);
  }
}
