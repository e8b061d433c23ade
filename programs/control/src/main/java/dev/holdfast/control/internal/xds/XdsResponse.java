package dev.holdfast.control.internal.xds;

import dev.holdfast.control.internal.ContentVersion;
import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.control.xds.XdsResource;
import java.util.List;

/**
 * A response that is due on a stream.
 *
 * @param resources sorted by name
 * @param removed names that do not exist any more, or never did; incremental variant only
 * @param nonce by which the client's answer refers to the response
 */
public record XdsResponse(
    ResourceType type, List<XdsResource> resources, List<String> removed, String nonce) {
  public XdsResponse {
    resources = List.copyOf(resources);
    removed = List.copyOf(removed);
  }

  /** This response with the resources for grpc-java clients. */
  public XdsResponse forGrpcJava() {
    return new XdsResponse(
        type, resources.stream().map(XdsResource::forGrpcJava).toList(), removed, nonce);
  }

  /**
   * The version of the whole, derived from its content: the same resources have the same version in
   * every control plane.
   */
  public String version() {
    // Sorted and of fixed length, so nothing can be shifted from one to the next.
    StringBuilder all = new StringBuilder();
    for (XdsResource resource : resources) {
      all.append(resource.name()).append('\n').append(resource.version()).append('\n');
    }
    removed.forEach(name -> all.append('-').append(name).append('\n'));
    return ContentVersion.of(all.toString());
  }
}
