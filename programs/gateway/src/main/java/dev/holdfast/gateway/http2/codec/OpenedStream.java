package dev.holdfast.gateway.http2.codec;

import dev.holdfast.gateway.headers.GrpcTimeout;
import dev.holdfast.gateway.headers.HeaderNames;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * The start of a client's stream, by which its end is judged.
 *
 * @param sinceNanos when its headers were read
 * @param request its headers
 */
public record OpenedStream(long sinceNanos, Http2Headers request) {
  /** The timeout that the client set, in nanoseconds; 0 for none or an invalid one. */
  public long timeoutNanos() {
    CharSequence sent = request.get(HeaderNames.GRPC_TIMEOUT);
    return sent == null ? 0 : Math.max(0, GrpcTimeout.parse(sent));
  }
}
