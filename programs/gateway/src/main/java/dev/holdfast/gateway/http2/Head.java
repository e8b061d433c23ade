package dev.holdfast.gateway.http2;

import dev.holdfast.core.Limit;
import dev.holdfast.gateway.route.PathNormalization;
import dev.holdfast.gateway.route.RequestHead;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.route.Router;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.Arrays;
import java.util.List;
import java.util.Map.Entry;
import org.jspecify.annotations.Nullable;

/**
 * Headers that were received over a connection, with cached facts about them. Headers in the header
 * block cache are one object that many requests share: they are not changed any more, so that the
 * facts stay true.
 */
final class Head extends DefaultHttp2Headers {
  /** The kind of message part that the headers can be. */
  enum Kind {
    /** The headers of a well-formed request. */
    REQUEST,
    /** The headers of a response that is not informational. */
    RESPONSE,
    /** The trailers of a request or response. */
    TRAILERS,
    /**
     * Any other headers: incomplete, informational, malformed, or with an unusable content-length.
     */
    OTHER
  }

  @Limit(
      of = "encoded forms of one request that are kept, for upstream connections",
      then = "another one takes its place")
  static final int ENCODED_FORMS = 16;

  static final long UNSAID = -1;

  private static final long UNKNOWN = Long.MIN_VALUE;

  private static final int TEN = 10;
  private static final int LONG_DIGITS = 18;

  private boolean remembered;
  private byte @Nullable [] usualBlock;
  private @Nullable Boolean grpc;
  private @Nullable Boolean normalPath;
  private long sentTimeoutNanos = UNKNOWN;
  private @Nullable Router routedBy;
  private @Nullable Route route;
  private ResponseHeaders.@Nullable Facts asLast;
  private ResponseHeaders.@Nullable Facts asFirst;
  private long saidLength = UNSAID;
  private @Nullable Kind kind;
  private @Nullable Head forwarded;
  private long contentLength = -1;
  private @Nullable Encoded @Nullable [] encoded;

  /**
   * The header block of these headers in one state of one encoder; see {@link RememberingEncoder}.
   */
  static final class Encoded {
    private final long state;
    private final byte[] block;

    Encoded(long state, byte[] block) {
      this.state = state;
      this.block = block;
    }
  }

  Head(boolean validateNames, boolean validateValues, int sizeHint) {
    super(validateNames, validateValues, sizeHint);
  }

  /**
   * Adds a field without the whitespace around its value, which is no part of it (RFC 9110, 5.5).
   * Senders differ in whether they leave it; RFC 9113, 8.2.1, allows to strip it.
   */
  @Override
  public Http2Headers add(CharSequence name, CharSequence value) {
    return super.add(name, value instanceof AsciiString text ? stripped(text) : value);
  }

  private static AsciiString stripped(AsciiString value) {
    int end = value.length();
    int start = 0;
    if (end == 0 || (!isBlank(value.byteAt(0)) && !isBlank(value.byteAt(end - 1)))) {
      return value;
    }
    while (start < end && isBlank(value.byteAt(start))) {
      start++;
    }
    while (end > start && isBlank(value.byteAt(end - 1))) {
      end--;
    }
    return value.subSequence(start, end);
  }

  private static boolean isBlank(byte character) {
    return character == ' ' || character == '\t';
  }

  /** Marks the headers as cached: from now on other requests may share them. */
  void remember() {
    remembered = true;
  }

  /**
   * Sets a number. Netty sets content-length again, as a plain number, each time the headers
   * arrive; an unchanged value is skipped.
   */
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

  /** The kind of these headers, determined once; only for cached headers. */
  Kind kind() {
    Kind known = kind;
    if (known == null) {
      known = findKind();
      kind = known;
    }
    return known;
  }

  /**
   * The content-length in bytes; {@link #UNSAID} if there is none. Valid once {@link #kind} was
   * called.
   */
  long saidLength() {
    return saidLength;
  }

  private Kind findKind() {
    List<CharSequence> lengths = getAll(Names.CONTENT_LENGTH);
    if (!lengths.isEmpty()) {
      saidLength = lengths.size() == 1 ? plainNumber(lengths.get(0)) : UNSAID;
      if (saidLength == UNSAID) {
        return Kind.OTHER;
      }
    }
    if (method() != null) {
      return new RequestValidator().fault(this) == null ? Kind.REQUEST : Kind.OTHER;
    }
    if (status() != null) {
      return ResponseHeaders.isInformational(this) ? Kind.OTHER : Kind.RESPONSE;
    }
    for (Entry<CharSequence, CharSequence> each : this) {
      if (PseudoHeaderName.hasPseudoHeaderFormat(each.getKey())) {
        return Kind.OTHER;
      }
    }
    return saidLength == UNSAID ? Kind.TRAILERS : Kind.OTHER;
  }

  /** Parses a number of at most 18 digits; {@link #UNSAID} for anything else. */
  private static long plainNumber(CharSequence text) {
    if (text.length() == 0 || text.length() > LONG_DIGITS) {
      return UNSAID;
    }
    long value = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit >= TEN) {
        return UNSAID;
      }
      value = value * TEN + digit;
    }
    return value;
  }

  /** Whether a request is gRPC by its content type. */
  static boolean isGrpc(Http2Headers request) {
    if (!(request instanceof Head head) || !head.remembered) {
      return Names.isGrpc(request);
    }
    Boolean known = head.grpc;
    if (known == null) {
      known = Names.isGrpc(request);
      head.grpc = known;
    }
    return known;
  }

  /** Whether the path of a request is in normal form; see {@link PathNormalization}. */
  static boolean hasNormalPath(Http2Headers request) {
    if (!(request instanceof Head head) || !head.remembered) {
      return isNormal(request.path());
    }
    Boolean known = head.normalPath;
    if (known == null) {
      known = isNormal(request.path());
      head.normalPath = known;
    }
    return known;
  }

  private static boolean isNormal(@Nullable CharSequence path) {
    return path != null && PathNormalization.isNormal(path);
  }

  /** The grpc-timeout of a request in nanoseconds; {@link GrpcTimeout#NONE} without a valid one. */
  static long sentTimeoutNanos(Http2Headers request) {
    if (!(request instanceof Head head) || !head.remembered) {
      return RequestHeaders.sentTimeoutNanos(request);
    }
    if (head.sentTimeoutNanos == UNKNOWN) {
      head.sentTimeoutNanos = RequestHeaders.sentTimeoutNanos(request);
    }
    return head.sentTimeoutNanos;
  }

  /** The route of a request; null when there is none. Cached if the router is steady. */
  static @Nullable Route route(Http2Headers request, Router router, RequestHead asked) {
    if (!(request instanceof Head head) || !head.remembered || !router.isSteady()) {
      return router.find(asked);
    }
    if (head.routedBy != router) {
      head.route = router.find(asked);
      head.routedBy = router;
    }
    return head.route;
  }

  /**
   * The facts about the headers of a response.
   *
   * @param end whether they end the response
   */
  static ResponseHeaders.Facts facts(Http2Headers answer, boolean end) {
    if (!(answer instanceof Head head) || !head.remembered) {
      return ResponseHeaders.Facts.of(answer, end);
    }
    ResponseHeaders.Facts known = end ? head.asLast : head.asFirst;
    if (known == null) {
      known = ResponseHeaders.Facts.of(answer, end);
      if (end) {
        head.asLast = known;
      } else {
        head.asFirst = known;
      }
    }
    return known;
  }

  /** Whether the headers are cached, so that other requests may share this object. */
  boolean isRemembered() {
    return remembered;
  }

  /** Headers that the caller may change: a copy if these are cached. */
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

  /** The header block for an encoder in this state; null if it is not cached. */
  byte @Nullable [] encodedIn(long state, int slot) {
    Encoded there = encoded == null ? null : encoded[slot];
    return there != null && there.state == state ? there.block : null;
  }

  /** A single array for equal blocks, such as those of the same response to many clients. */
  byte[] shared(byte[] block) {
    byte[] usual = usualBlock;
    if (usual != null && Arrays.equals(usual, block)) {
      return usual;
    }
    usualBlock = block;
    return block;
  }

  /** Caches a block until an encoder with the same slot replaces it. */
  void keep(Encoded block, int slot) {
    if (encoded == null) {
      encoded = new Encoded[ENCODED_FORMS];
    }
    encoded[slot] = block;
  }

  private static Head copy(Http2Headers headers) {
    Head copy = new Head(false, false, headers.size() + 2);
    copy.add(headers);
    return copy;
  }
}
