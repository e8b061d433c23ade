package dev.holdfast.gateway.health;

import io.netty.util.AsciiString;

/** How a server is asked for its health. */
public enum HealthMethod {
  /** One call that goes on: the server says how it is, and each change. */
  WATCH("/grpc.health.v1.Health/Watch"),
  /** One call for one answer, again and again. */
  CHECK("/grpc.health.v1.Health/Check");

  private final AsciiString path;

  HealthMethod(String path) {
    this.path = AsciiString.cached(path);
  }

  AsciiString path() {
    return path;
  }
}
