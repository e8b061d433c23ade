package dev.holdfast.gateway.http2;

/** The headers of one request are malformed (RFC 9113, 8.1.1); HPACK read all of them. */
final class MalformedHeadersException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean grpc;

  MalformedHeadersException(String message, boolean grpc) {
    super(message);
    this.grpc = grpc;
  }

  /** Whether the headers before the fault say that the request is a call of gRPC. */
  boolean isGrpc() {
    return grpc;
  }
}
