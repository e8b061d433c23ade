package dev.holdfast.gateway.http2;

import io.netty.handler.codec.http2.Http2Headers;

/**
 * What is remembered of a stream of a client to judge its end by.
 *
 * @param sinceNanos when its headers were read
 */
record OpenedStream(long sinceNanos, Http2Headers request) {
  /** The time that its client gave it; 0 for any. */
  long timeoutNanos() {
    CharSequence sent = request.get(Names.GRPC_TIMEOUT);
    return sent == null ? 0 : Math.max(0, GrpcTimeout.parse(sent));
  }
}
