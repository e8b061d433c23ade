package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.headers.GrpcTimeout;
import dev.holdfast.gateway.headers.HeaderNames;
import io.netty.handler.codec.http2.Http2Headers;

/** The start of a client's stream, by which its end is judged, and the charge for its headers. */
final class OpenedStream {
  private final long sinceNanos;
  private final Http2Headers request;

  /** The bytes of request headers charged to the client; see {@link HeaderMemory}. */
  int headerBytes;

  /**
   * Creates the record of a stream.
   *
   * @param sinceNanos when its headers were read
   * @param request its headers
   */
  OpenedStream(long sinceNanos, Http2Headers request) {
    this.sinceNanos = sinceNanos;
    this.request = request;
  }

  /** The time at which the headers were read, in nanoseconds. */
  long sinceNanos() {
    return sinceNanos;
  }

  /** The timeout that the client set, in nanoseconds; 0 for none or an invalid one. */
  long timeoutNanos() {
    CharSequence sent = request.get(HeaderNames.GRPC_TIMEOUT);
    return sent == null ? 0 : Math.max(0, GrpcTimeout.parse(sent));
  }
}
