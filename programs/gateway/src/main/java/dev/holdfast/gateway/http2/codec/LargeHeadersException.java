package dev.holdfast.gateway.http2.codec;

/**
 * A header list above the agreed size. HPACK stays intact, so the headers of other requests can
 * still be read.
 */
public final class LargeHeadersException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean grpc;

  LargeHeadersException(String message, boolean grpc) {
    super(message);
    this.grpc = grpc;
  }

  /** Whether the headers before the limit identify a gRPC call. */
  public boolean isGrpc() {
    return grpc;
  }
}
