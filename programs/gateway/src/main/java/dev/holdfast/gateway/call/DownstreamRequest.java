package dev.holdfast.gateway.call;

import dev.holdfast.gateway.headers.HeaderNames;
import dev.holdfast.gateway.route.RequestHead;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/**
 * The request headers that came from a client, as the router reads them.
 *
 * @param headers as received
 */
record DownstreamRequest(Http2Headers headers) implements RequestHead {
  @Override
  public CharSequence path() {
    CharSequence path = headers.path();
    return path == null ? "" : path;
  }

  @Override
  public CharSequence authority() {
    CharSequence authority = headers.authority();
    if (authority == null) {
      authority = headers.get(HeaderNames.HOST);
    }
    return authority == null ? "" : authority;
  }

  @Override
  public @Nullable CharSequence header(CharSequence name) {
    return headers.get(name);
  }
}
