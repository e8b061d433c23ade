package dev.holdfast.control;

import com.google.protobuf.Message;
import dev.holdfast.control.internal.xds.DeltaStream;
import dev.holdfast.control.internal.xds.SotwStream;
import dev.holdfast.control.xds.ResourceType;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.protobuf.ProtoUtils;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * The services of xDS as gRPC knows them: the aggregated one and one for each type, each in both
 * variants. Their responses are bytes that streams share, so their definitions are made by hand.
 */
final class DiscoveryServices {
  private static final String PACKAGE = "envoy.service.";

  private final DiscoveryCall.DiscoveryContext discoveryContext;

  DiscoveryServices(DiscoveryCall.DiscoveryContext discoveryContext) {
    this.discoveryContext = discoveryContext;
  }

  List<ServerServiceDefinition> all() {
    return List.of(
        service("discovery.v3.AggregatedDiscoveryService", "AggregatedResources", Optional.empty()),
        service("cluster.v3.ClusterDiscoveryService", "Clusters", ResourceType.CLUSTER),
        service("endpoint.v3.EndpointDiscoveryService", "Endpoints", ResourceType.ENDPOINTS),
        service("listener.v3.ListenerDiscoveryService", "Listeners", ResourceType.LISTENER),
        service("route.v3.RouteDiscoveryService", "Routes", ResourceType.ROUTES));
  }

  private ServerServiceDefinition service(String name, String what, ResourceType only) {
    return service(name, what, Optional.of(only));
  }

  private ServerServiceDefinition service(String name, String what, Optional<ResourceType> only) {
    String full = PACKAGE + name;
    return ServerServiceDefinition.builder(full)
        .addMethod(
            method(full, "Stream" + what, DiscoveryRequest.getDefaultInstance()),
            handler((call, shared) -> new SotwCall(call, new SotwStream(), only, shared)))
        .addMethod(
            method(full, "Delta" + what, DeltaDiscoveryRequest.getDefaultInstance()),
            handler((call, shared) -> new DeltaCall(call, new DeltaStream(), only, shared)))
        .build();
  }

  private <Q> ServerCallHandler<Q, EncodedXdsResponse> handler(
      BiFunction<
              ServerCall<Q, EncodedXdsResponse>, DiscoveryCall.DiscoveryContext, DiscoveryCall<Q>>
          make) {
    return (call, headers) -> {
      DiscoveryStreams discoveryStreams = discoveryContext.clients();
      if (!discoveryStreams.enter()) {
        Status status =
            discoveryStreams.isDraining()
                ? Status.UNAVAILABLE.withDescription("this control plane stops")
                : Status.RESOURCE_EXHAUSTED.withDescription(
                    "streams: "
                        + discoveryStreams.size()
                        + " (expected: <= "
                        + ControlOptions.MAX_STREAMS
                        + ")");
        call.close(status, new Metadata());
        return new ServerCall.Listener<>() {};
      }
      DiscoveryCall<Q> begun = make.apply(call, discoveryContext);
      begun.begin();
      return begun;
    };
  }

  private static <Q extends Message> MethodDescriptor<Q, EncodedXdsResponse> method(
      String service, String name, Q prototype) {
    return MethodDescriptor.<Q, EncodedXdsResponse>newBuilder()
        .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
        .setFullMethodName(MethodDescriptor.generateFullMethodName(service, name))
        .setRequestMarshaller(ProtoUtils.marshaller(prototype))
        .setResponseMarshaller(new Replies())
        .build();
  }

  /** The marshaller of responses, which are only ever written here. */
  private static final class Replies implements MethodDescriptor.Marshaller<EncodedXdsResponse> {
    @Override
    public InputStream stream(EncodedXdsResponse reply) {
      return reply.stream();
    }

    @Override
    public EncodedXdsResponse parse(InputStream stream) {
      throw new UnsupportedOperationException("a server reads no responses");
    }
  }
}
