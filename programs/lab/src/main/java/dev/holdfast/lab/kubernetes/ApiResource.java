package dev.holdfast.lab.kubernetes;

import dev.holdfast.core.JsonTextWriter;
import java.util.Map;

/** The kinds of objects that the server keeps. */
public enum ApiResource {
  /** The EndpointSlices of {@code discovery.k8s.io/v1}. */
  ENDPOINT_SLICES("discovery.k8s.io", "endpointslices", "EndpointSlice"),
  /** The Services of the core group, v1. */
  SERVICES("", "services", "Service");

  private final String group;
  private final String plural;
  private final String kind;

  ApiResource(String group, String plural, String kind) {
    this.group = group;
    this.plural = plural;
    this.kind = kind;
  }

  /** The API group; "" for the core group. */
  public String group() {
    return group;
  }

  /** As it stands in paths and roles: {@code endpointslices}. */
  public String plural() {
    return plural;
  }

  /** As it stands in objects: {@code EndpointSlice}. */
  public String kind() {
    return kind;
  }

  /** As it stands in objects: {@code discovery.k8s.io/v1}. */
  public String apiVersion() {
    return group.isEmpty() ? "v1" : group + "/v1";
  }

  /** As error messages name it: {@code endpointslices.discovery.k8s.io}. */
  String qualifiedName() {
    return group.isEmpty() ? plural : plural + "." + group;
  }

  /** The path prefix before the namespace. */
  String root() {
    return group.isEmpty() ? "/api/v1" : "/apis/" + group + "/v1";
  }

  /** The fields that Go writes even for an object that has nothing but a version. */
  String emptyContent() {
    JsonTextWriter json = new JsonTextWriter();
    if (this == ENDPOINT_SLICES) {
      json.with("addressType", "").withValue("endpoints", null).withValue("ports", null);
    } else {
      json.withValue("spec", Map.of()).withValue("status", Map.of("loadBalancer", Map.of()));
    }
    return json.toString();
  }
}
