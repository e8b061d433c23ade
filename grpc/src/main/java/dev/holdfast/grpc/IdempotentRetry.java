package dev.holdfast.grpc;

import dev.holdfast.core.Scheduler;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.MethodDescriptor;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.Executor;

/**
 * Sends calls again whose connection died, when their method is declared idempotent, and no others.
 *
 * <p>gRPC's own transparent retries, for calls that provably never reached a server, go on beneath
 * it. Methods that take one request only; what a client streams can't be replayed.
 */
final class IdempotentRetry implements ClientInterceptor {
  /**
   * What all calls of a channel share.
   *
   * @param scheduler runs the delays
   * @param offload starts what was delayed
   * @param service the tag of the meters
   */
  record Shared(
      RetryOptions options,
      RetryBudget budget,
      Scheduler scheduler,
      Executor offload,
      MeterRegistry meters,
      String service) {

    void count(GrpcMeter meter) {
      meter.counter(meters, service).increment();
    }

    void countRefused(String reason) {
      GrpcMeter.RETRIES_REFUSED.counter(meters, service, reason).increment();
    }
  }

  private final IdempotentMethods methods = new IdempotentMethods();
  private final Shared shared;

  IdempotentRetry(
      RetryOptions options,
      Scheduler scheduler,
      Executor offload,
      MeterRegistry meters,
      String service) {
    RetryBudget budget = new RetryBudget(options.budgetTokens(), options.budgetRatio());
    this.shared = new Shared(options, budget, scheduler, offload, meters, service);
  }

  @Override
  public <ReqT, RespT> ClientCall<ReqT, RespT> interceptCall(
      MethodDescriptor<ReqT, RespT> method, CallOptions callOptions, Channel next) {
    if (!method.getType().clientSendsOneMessage() || !methods.contains(method)) {
      return next.newCall(method, callOptions);
    }
    shared.budget().onCall();
    return new RetriedCall<>(shared, next, method, callOptions);
  }
}
