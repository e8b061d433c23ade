package dev.holdfast.gateway.health;

import io.netty.util.AsciiString;

/** The method of {@code grpc.health.v1.Health} that is called. */
public enum HealthMethod {
  /** A server stream that brings the current status and each change. */
  WATCH("/grpc.health.v1.Health/Watch"),
  /** A unary call that is repeated every interval. */
  CHECK("/grpc.health.v1.Health/Check");

  private final AsciiString path;

  HealthMethod(String path) {
    this.path = AsciiString.cached(path);
  }

  AsciiString path() {
    return path;
  }
}
