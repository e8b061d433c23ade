package dev.holdfast.grpc.metrics;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall;
import io.grpc.ForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;

/** The interceptor that measures the calls of a channel, and their attempts. Thread-safe. */
final class ClientCallMetrics implements ClientInterceptor {
  private final CallMeters meters;
  private final String target;

  ClientCallMetrics(CallMeters meters, String target) {
    this.meters = meters;
    this.target = target;
  }

  @Override
  public <ReqT, RespT> ClientCall<ReqT, RespT> interceptCall(
      MethodDescriptor<ReqT, RespT> method, CallOptions callOptions, Channel next) {
    MeasuredCall measured = new MeasuredCall(meters, CallMeters.label(method), target);
    ClientCall<ReqT, RespT> call =
        next.newCall(method, callOptions.withStreamTracerFactory(measured));
    return new ForwardingClientCall.SimpleForwardingClientCall<>(call) {
      @Override
      public void start(Listener<RespT> listener, Metadata headers) {
        super.start(new MeasuredListener<>(listener, measured), headers);
      }
    };
  }

  private static final class MeasuredListener<RespT>
      extends ForwardingClientCallListener.SimpleForwardingClientCallListener<RespT> {
    private final MeasuredCall measured;

    MeasuredListener(ClientCall.Listener<RespT> listener, MeasuredCall measured) {
      super(listener);
      this.measured = measured;
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      measured.onCallClosed(status);
      super.onClose(status, trailers);
    }
  }
}
