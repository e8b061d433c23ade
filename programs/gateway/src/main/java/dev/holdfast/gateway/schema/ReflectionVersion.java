package dev.holdfast.gateway.schema;

import java.util.Optional;

/** The versions of the reflection service; their messages are the same. */
public enum ReflectionVersion {
  /** The stable version, tried first. */
  V1("grpc.reflection.v1.ServerReflection"),
  /** The version of older servers, tried when v1 is UNIMPLEMENTED. */
  V1ALPHA("grpc.reflection.v1alpha.ServerReflection");

  private final String service;

  ReflectionVersion(String service) {
    this.service = service;
  }

  /** The full name of the service. */
  public String service() {
    return service;
  }

  /** The {@code :path} of the service's only method, which is bidirectional streaming. */
  public String path() {
    return "/" + service + "/ServerReflectionInfo";
  }

  /** The version to try when this one is UNIMPLEMENTED; empty for the oldest. */
  public Optional<ReflectionVersion> older() {
    return this == V1 ? Optional.of(V1ALPHA) : Optional.empty();
  }
}
