package dev.holdfast.grpc.internal.admin;

import dev.holdfast.admin.CallFailureCounts;
import dev.holdfast.admin.ProcessState;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall;
import io.grpc.ForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** The recorder of failed calls for the admin service, where the process has one. */
public final class CallFailureRecorder {
  private CallFailureRecorder() {}

  /**
   * Counts the calls of a channel as the application sees them, so it belongs outside of all other
   * interceptors; empty without an admin service.
   */
  public static Optional<ClientInterceptor> ofClient(String service) {
    return ProcessState.active().map(state -> new OfClient(state.failures(), service));
  }

  /**
   * Counts the calls of a server. The names of others than its own services count as one, because
   * clients choose them.
   */
  public static ServerStreamTracer.Factory ofServer(Collection<String> services, String health) {
    Set<String> all = new HashSet<>(services);
    all.add(health);
    return new OfServer(all);
  }

  private static final class OfClient implements ClientInterceptor {
    private final CallFailureCounts counts;
    private final String service;

    OfClient(CallFailureCounts counts, String service) {
      this.counts = counts;
      this.service = service;
    }

    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(
        MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
      return new ForwardingClientCall.SimpleForwardingClientCall<>(next.newCall(method, options)) {
        @Override
        public void start(Listener<A> listener, Metadata headers) {
          super.start(
              new ForwardingClientCallListener.SimpleForwardingClientCallListener<>(listener) {
                @Override
                public void onClose(Status status, Metadata trailers) {
                  counts.onEnd(false, service, status.getCode());
                  super.onClose(status, trailers);
                }
              },
              headers);
        }
      };
    }
  }

  private static final class OfServer extends ServerStreamTracer.Factory {
    private final Set<String> services;

    OfServer(Set<String> services) {
      this.services = Set.copyOf(services);
    }

    @Override
    public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
      return new ServerStreamTracer() {
        @Override
        public void streamClosed(Status status) {
          // The admin service of a server begins when the server does, after this was made.
          ProcessState.active()
              .ifPresent(
                  state ->
                      state.failures().onEnd(true, serviceOf(fullMethodName), status.getCode()));
        }
      };
    }

    private String serviceOf(String fullMethodName) {
      String service = MethodDescriptor.extractFullServiceName(fullMethodName);
      return service != null && services.contains(service) ? service : "";
    }
  }
}
