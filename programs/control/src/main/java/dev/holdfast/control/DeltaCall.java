package dev.holdfast.control;

import dev.holdfast.control.xds.DeltaRequest;
import dev.holdfast.control.xds.DeltaStream;
import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.control.xds.Verdict;
import dev.holdfast.control.xds.XdsReply;
import dev.holdfast.control.xds.XdsViolation;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.grpc.ServerCall;
import java.util.Optional;

/** A stream of the incremental variant. */
final class DeltaCall extends DiscoveryCall<DeltaDiscoveryRequest> {
  private final DeltaStream stream;

  DeltaCall(
      ServerCall<DeltaDiscoveryRequest, EncodedReply> call,
      DeltaStream stream,
      Optional<ResourceType> only,
      Parts parts) {
    super(call, stream, only, parts);
    this.stream = stream;
  }

  @Override
  Variant variant() {
    return Variant.DELTA;
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
  Verdict apply(ResourceType type, DeltaDiscoveryRequest request) throws XdsViolation {
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
  EncodedReply encode(XdsReply reply) {
    return parts.encoder().delta(reply);
  }
}
