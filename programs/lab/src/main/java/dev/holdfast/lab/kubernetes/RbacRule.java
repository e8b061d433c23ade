package dev.holdfast.lab.kubernetes;

import java.util.Set;

/**
 * A rule of a role.
 *
 * @param namespace the namespace of the rule; "" for the whole cluster
 * @param group the API group; "" for the core group
 * @param resource the plural, such as {@code endpointslices}
 * @param verbs such as {@code list}
 */
public record RbacRule(String namespace, String group, String resource, Set<String> verbs) {

  public RbacRule {
    verbs = Set.copyOf(verbs);
  }

  boolean allows(ApiRequest request) {
    return (namespace.isEmpty() || namespace.equals(request.namespace()))
        && group.equals(request.resource().group())
        && resource.equals(request.resource().plural())
        && verbs.contains(request.verb().word());
  }
}
