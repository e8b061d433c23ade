package dev.holdfast.grpc;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.nio.channels.ClosedChannelException;

/**
 * Says UNAVAILABLE where a call met a socket that Netty had closed before grpc-java was told why,
 * as when a server is killed: grpc-java says UNKNOWN, which nobody retries. Thread-safe.
 */
enum ClosedSocketStatus implements ClientInterceptor {
  INSTANCE;

  @Override
  public <Q, A> ClientCall<Q, A> interceptCall(
      MethodDescriptor<Q, A> method, CallOptions callOptions, Channel next) {
    return new SimpleForwardingClientCall<>(next.newCall(method, callOptions)) {
      @Override
      public void start(Listener<A> listener, Metadata headers) {
        super.start(
            new SimpleForwardingClientCallListener<>(listener) {
              @Override
              public void onClose(Status status, Metadata trailers) {
                super.onClose(corrected(status), trailers);
              }
            },
            headers);
      }
    };
  }

  /** A status that came over the wire has no cause. */
  static Status corrected(Status status) {
    return status.getCode() == Status.Code.UNKNOWN
            && status.getCause() instanceof ClosedChannelException
        ? Status.UNAVAILABLE.withDescription(status.getDescription()).withCause(status.getCause())
        : status;
  }
}
