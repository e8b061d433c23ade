package dev.holdfast.gateway.http2;

import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import org.jspecify.annotations.Nullable;

/**
 * Headers that came over a connection. Those of a block that its decoder remembers are the same
 * object each time it comes again: they are not changed any more, and so what was found out about
 * them stays true.
 */
final class Head extends DefaultHttp2Headers {
  private boolean remembered;
  private @Nullable Head forwarded;

  Head(boolean validateNames, boolean validateValues, int sizeHint) {
    super(validateNames, validateValues, sizeHint);
  }

  /** From now on others may be given it, too. */
  void remember() {
    remembered = true;
  }

  /** Whether these headers may come again as this object. */
  static boolean isRemembered(Http2Headers headers) {
    return headers instanceof Head head && head.remembered;
  }

  /** The same headers, which the caller may change. */
  static Http2Headers own(Http2Headers headers) {
    return isRemembered(headers) ? copy(headers) : headers;
  }

  /**
   * The headers of a request as they are sent to an upstream.
   *
   * @param client see {@link RequestHeaders#prepare}; the same for all requests of a connection
   */
  static Http2Headers forwarded(Http2Headers request, AsciiString client, boolean grpc) {
    if (!(request instanceof Head head) || !head.remembered) {
      RequestHeaders.prepare(request, client, grpc);
      return request;
    }
    Head known = head.forwarded;
    if (known == null) {
      known = copy(head);
      RequestHeaders.prepare(known, client, grpc);
      known.remembered = true;
      head.forwarded = known;
    }
    return known;
  }

  private static Head copy(Http2Headers headers) {
    Head copy = new Head(false, false, headers.size() + 2);
    copy.add(headers);
    return copy;
  }
}
