package dev.holdfast.control.xds;

import java.util.List;

/**
 * One response that a stream is owed now.
 *
 * @param resources sorted by name
 * @param removed names that do not exist (any more); of the incremental variant only
 * @param nonce by which its answer names it
 */
public record XdsReply(
    ResourceType type, List<XdsResource> resources, List<String> removed, String nonce) {
  public XdsReply {
    resources = List.copyOf(resources);
    removed = List.copyOf(removed);
  }

  /** What clients made with grpc-java get instead. */
  public XdsReply forGrpcJava() {
    return new XdsReply(
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
    return XdsResource.hash(all.toString());
  }
}
