package dev.holdfast.control;

import dev.holdfast.control.internal.xds.Acknowledgement;
import dev.holdfast.control.internal.xds.SotwRequest;
import dev.holdfast.control.internal.xds.SotwStream;
import dev.holdfast.control.internal.xds.XdsResponse;
import dev.holdfast.control.internal.xds.XdsViolation;
import dev.holdfast.control.xds.ResourceType;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.grpc.ServerCall;
import java.util.Optional;

/** A stream of the state-of-the-world variant. */
final class SotwCall extends DiscoveryCall<DiscoveryRequest> {
  private final SotwStream stream;

  SotwCall(
      ServerCall<DiscoveryRequest, EncodedXdsResponse> call,
      SotwStream stream,
      Optional<ResourceType> only,
      DiscoveryContext discoveryContext) {
    super(call, stream, only, discoveryContext);
    this.stream = stream;
  }

  @Override
  XdsVariant xdsVariant() {
    return XdsVariant.SOTW;
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
  Acknowledgement apply(ResourceType type, DiscoveryRequest request) throws XdsViolation {
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
  EncodedXdsResponse encode(XdsResponse reply) {
    return discoveryContext.encoder().sotw(reply);
  }
}
