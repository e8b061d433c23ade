package dev.holdfast.bench.sessions;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts the calls that are open. */
final class OpenStreams implements ServerInterceptor {
  private final AtomicInteger open;

  OpenStreams(AtomicInteger open) {
    this.open = open;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    open.incrementAndGet();
    return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
      @Override
      public void onComplete() {
        open.decrementAndGet();
        super.onComplete();
      }

      @Override
      public void onCancel() {
        open.decrementAndGet();
        super.onCancel();
      }
    };
  }
}
