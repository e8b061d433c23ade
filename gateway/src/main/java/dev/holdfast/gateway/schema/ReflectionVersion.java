package dev.holdfast.gateway.schema;

import java.util.Optional;

/** The names under which servers offer reflection; the messages are the same. */
public enum ReflectionVersion {
  /** The stable one, asked first. */
  V1("grpc.reflection.v1.ServerReflection"),
  /** What older servers have only; asked where the other is UNIMPLEMENTED. */
  V1ALPHA("grpc.reflection.v1alpha.ServerReflection");

  private final String service;

  ReflectionVersion(String service) {
    this.service = service;
  }

  /** The full name of the service. */
  public String service() {
    return service;
  }

  /** The {@code :path} of its one method, of which both sides stream. */
  public String path() {
    return "/" + service + "/ServerReflectionInfo";
  }

  /** What is asked where this one is UNIMPLEMENTED. */
  public Optional<ReflectionVersion> older() {
    return this == V1 ? Optional.of(V1ALPHA) : Optional.empty();
  }
}
