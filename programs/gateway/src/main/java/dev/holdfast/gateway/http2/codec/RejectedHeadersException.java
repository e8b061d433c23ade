package dev.holdfast.gateway.http2.codec;

import dev.holdfast.gateway.headers.HeaderNames;
import dev.holdfast.gateway.headers.ReceivedHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http2.Http2Exception;
import org.jspecify.annotations.Nullable;

/**
 * The headers of one request that are malformed (RFC 9113, 8.1.1) or above the agreed size. HPACK
 * stays intact, so the headers of other requests can still be read.
 */
final class RejectedHeadersException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean large;
  private final boolean grpc;

  /**
   * Creates the cause of a stream error.
   *
   * @param large whether the headers are above the agreed size; if not, they are malformed
   * @param grpc whether the headers before the fault identify a gRPC call
   */
  RejectedHeadersException(String message, boolean large, boolean grpc) {
    super(message);
    this.large = large;
    this.grpc = grpc;
  }

  /**
   * The error of a stream whose headers a decoder rejected, with a cause of this class.
   *
   * @param known the headers before the fault; null for none
   */
  static Http2Exception streamError(
      Http2Exception.StreamException error, @Nullable ReceivedHeaders known) {
    boolean large = error instanceof Http2Exception.HeaderListSizeException;
    String what = String.valueOf(error.getMessage());
    return Http2Exception.streamError(
        error.streamId(),
        error.error(),
        new RejectedHeadersException(what, large, known == null || isGrpc(known)),
        "%s",
        what);
  }

  /**
   * Whether the request is gRPC, as far as its headers were decoded: the content type may follow
   * the field that was too large. The path of a gRPC call is never too large.
   */
  private static boolean isGrpc(ReceivedHeaders known) {
    if (known.get(HeaderNames.CONTENT_TYPE) != null) {
      return HeaderNames.isGrpc(known);
    }
    return known.path() != null
        && known.method() != null
        && HttpMethod.POST.asciiName().contentEquals(known.method());
  }

  boolean isLarge() {
    return large;
  }

  boolean isGrpc() {
    return grpc;
  }
}
