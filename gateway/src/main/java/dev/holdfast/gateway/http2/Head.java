package dev.holdfast.gateway.http2;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import org.jspecify.annotations.Nullable;

/**
 * Headers that came over a connection. Those of a block that its decoder remembers are the same
 * object each time it comes again: they are not changed any more, and so what was found out about
 * them stays true.
 */
final class Head extends DefaultHttp2Headers {
  private boolean remembered;
  private @Nullable Head forwarded;
  private long contentLength = -1;
  private @Nullable Encoded @Nullable [] encoded;

  /**
   * What the headers are in one state of one encoder.
   *
   * @param state see {@link RememberingEncoder}
   */
  record Encoded(long state, ByteBuf block) {}

  Head(boolean validateNames, boolean validateValues, int sizeHint) {
    super(validateNames, validateValues, sizeHint);
  }

  /** From now on others may be given it, too. */
  void remember() {
    remembered = true;
  }

  /** Netty says the content-length again, as a plain number, each time that they come. */
  @Override
  public Http2Headers setLong(CharSequence name, long value) {
    if (Names.CONTENT_LENGTH.contentEquals(name)) {
      if (value == contentLength) {
        return this;
      }
      contentLength = value;
    }
    return super.setLong(name, value);
  }

  /** Whether these headers may come again as this object. */
  boolean isRemembered() {
    return remembered;
  }

  /** The same headers, which the caller may change. */
  static Http2Headers own(Http2Headers headers) {
    return headers instanceof Head head && head.remembered ? copy(headers) : headers;
  }

  /**
   * The headers of a request as they are sent to an upstream.
   *
   * @param client see {@link RequestHeaders#prepare}; the same for all requests of a connection
   */
  static Http2Headers forwarded(Http2Headers request, Client client, boolean grpc) {
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

  /** The block that they are for an encoder in this state; null when it did not say. */
  @Nullable ByteBuf encodedIn(long state, int slot) {
    Encoded there = encoded == null ? null : encoded[slot];
    return there != null && there.state == state ? there.block : null;
  }

  /** Keeps a block until another encoder with the same slot brings its own. */
  void keep(Encoded block, int slot) {
    if (encoded == null) {
      encoded = new Encoded[RememberingEncoder.SLOTS];
    }
    encoded[slot] = block;
  }

  private static Head copy(Http2Headers headers) {
    Head copy = new Head(false, false, headers.size() + 2);
    copy.add(headers);
    return copy;
  }
}
