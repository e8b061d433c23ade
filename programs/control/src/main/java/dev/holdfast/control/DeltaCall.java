package dev.holdfast.control;

import dev.holdfast.control.internal.xds.Acknowledgement;
import dev.holdfast.control.internal.xds.DeltaRequest;
import dev.holdfast.control.internal.xds.DeltaStream;
import dev.holdfast.control.internal.xds.XdsResponse;
import dev.holdfast.control.internal.xds.XdsViolation;
import dev.holdfast.control.xds.ResourceType;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.grpc.ServerCall;
import java.util.Optional;

/** A stream of the incremental variant. */
final class DeltaCall extends DiscoveryCall<DeltaDiscoveryRequest> {
  private final DeltaStream stream;

  DeltaCall(
      ServerCall<DeltaDiscoveryRequest, EncodedXdsResponse> call,
      DeltaStream stream,
      Optional<ResourceType> only,
      DiscoveryContext discoveryContext) {
    super(call, stream, only, discoveryContext);
    this.stream = stream;
  }

  @Override
  XdsVariant xdsVariant() {
    return XdsVariant.DELTA;
  }

  @Override
  Optional<Node> nodeOf(DeltaDiscoveryRequest request) {
    return request.hasNode() ? Optional.of(request.getNode()) : Optional.empty();
  }

  @Override
  String typeUrlOf(DeltaDiscoveryRequest request) {
    return request.getTypeUrl();
  }

  @Override
  Acknowledgement apply(ResourceType type, DeltaDiscoveryRequest request) throws XdsViolation {
    return stream.onRequest(
        new DeltaRequest(
            type,
            request.getResourceNamesSubscribeList(),
            request.getResourceNamesUnsubscribeList(),
            request.getInitialResourceVersionsMap(),
            request.getResponseNonce(),
            errorOf(request)));
  }

  @Override
  Optional<String> errorOf(DeltaDiscoveryRequest request) {
    return request.hasErrorDetail()
        ? Optional.of(request.getErrorDetail().getMessage())
        : Optional.empty();
  }

  @Override
  EncodedXdsResponse encode(XdsResponse reply) {
    return discoveryContext.encoder().delta(reply);
  }
}
