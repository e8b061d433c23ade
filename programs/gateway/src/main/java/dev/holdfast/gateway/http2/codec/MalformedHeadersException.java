package dev.holdfast.gateway.http2.codec;

/**
 * The malformed headers of one request (RFC 9113, 8.1.1). HPACK decoded all of them, so others can
 * still be read.
 */
public final class MalformedHeadersException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean grpc;

  MalformedHeadersException(String message, boolean grpc) {
    super(message);
    this.grpc = grpc;
  }

  /** Whether the headers before the fault identify a gRPC call. */
  public boolean isGrpc() {
    return grpc;
  }
}
