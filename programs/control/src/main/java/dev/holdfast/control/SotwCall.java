package dev.holdfast.control;

import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.control.xds.SotwRequest;
import dev.holdfast.control.xds.SotwStream;
import dev.holdfast.control.xds.Verdict;
import dev.holdfast.control.xds.XdsReply;
import dev.holdfast.control.xds.XdsViolation;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.grpc.ServerCall;
import java.util.Optional;

/** A stream of the state-of-the-world variant. */
final class SotwCall extends DiscoveryCall<DiscoveryRequest> {
  private final SotwStream stream;

  SotwCall(
      ServerCall<DiscoveryRequest, EncodedReply> call,
      SotwStream stream,
      Optional<ResourceType> only,
      Parts parts) {
    super(call, stream, only, parts);
    this.stream = stream;
  }

  @Override
  Variant variant() {
    return Variant.SOTW;
  }

  @Override
  Optional<Node> nodeOf(DiscoveryRequest request) {
    return request.hasNode() ? Optional.of(request.getNode()) : Optional.empty();
  }

  @Override
  String typeUrlOf(DiscoveryRequest request) {
    return request.getTypeUrl();
  }

  @Override
  Verdict apply(ResourceType type, DiscoveryRequest request) throws XdsViolation {
    return stream.onRequest(
        new SotwRequest(
            type, request.getResourceNamesList(), request.getResponseNonce(), errorOf(request)));
  }

  @Override
  Optional<String> errorOf(DiscoveryRequest request) {
    return request.hasErrorDetail()
        ? Optional.of(request.getErrorDetail().getMessage())
        : Optional.empty();
  }

  @Override
  EncodedReply encode(XdsReply reply) {
    return parts.encoder().sotw(reply);
  }
}
