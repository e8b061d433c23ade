package dev.holdfast.gateway.http2;

/** The headers of one request are larger than agreed; those of other requests can still be read. */
final class LargeHeadersException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean grpc;

  LargeHeadersException(String message, boolean grpc) {
    super(message);
    this.grpc = grpc;
  }

  /** Whether what was read of them says that it was a call of gRPC. */
  boolean isGrpc() {
    return grpc;
  }
}
