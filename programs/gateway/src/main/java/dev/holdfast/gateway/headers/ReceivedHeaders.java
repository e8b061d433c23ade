package dev.holdfast.gateway.headers;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.headers.KnownPaths.KnownPath;
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
public final class ReceivedHeaders extends DefaultHttp2Headers {
  /** The kind of message part that the headers can be. */
  public enum HeadersKind {
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
  public static final int ENCODED_FORMS = 16;

  public static final long NO_LENGTH = -1;

  private static final long UNKNOWN = Long.MIN_VALUE;

  private static final int TEN = 10;
  private static final int LONG_DIGITS = 18;

  private boolean cached;
  private boolean plain;
  private @Nullable KnownPath knownPath;
  private byte @Nullable [] usualBlock;
  private @Nullable Boolean grpc;
  private @Nullable Boolean normalPath;
  private long sentTimeoutNanos = UNKNOWN;
  private @Nullable Router routedBy;
  private @Nullable Route route;
  private ResponseHeaders.@Nullable ResponseFacts asLast;
  private ResponseHeaders.@Nullable ResponseFacts asFirst;
  private long declaredLength = NO_LENGTH;
  private @Nullable HeadersKind kind;
  private @Nullable ReceivedHeaders forwarded;
  private long contentLength = -1;
  private @Nullable EncodedBlock @Nullable [] encodedBlock;

  /**
   * The header block of these headers in one state of one encoder; see {@code
   * CachingHeadersEncoder}.
   */
  public static final class EncodedBlock {
    private final long state;
    private final byte[] block;

    public EncodedBlock(long state, byte[] block) {
      this.state = state;
      this.block = block;
    }
  }

  public ReceivedHeaders(boolean validateNames, boolean validateValues, int sizeHint) {
    super(validateNames, validateValues, sizeHint);
  }

  /** Adds a field without the whitespace around its value; see {@link #stripped}. */
  @Override
  public Http2Headers add(CharSequence name, CharSequence value) {
    return super.add(name, value instanceof AsciiString text ? stripped(text) : value);
  }

  /** Adds a field whose value has no whitespace around it. */
  public void addStripped(AsciiString name, AsciiString value) {
    super.add(name, value);
  }

  /** Marks received headers without fields that {@link HeaderNames#isInspected} names. */
  public void markPlain() {
    plain = true;
  }

  /**
   * Whether the headers are known to have arrived without host, content-length, :protocol and the
   * fields that proxies add.
   */
  static boolean isPlain(Http2Headers headers) {
    return headers instanceof ReceivedHeaders receivedHeaders && receivedHeaders.plain;
  }

  /** Sets what is known about the path of the request, which doesn't change from now on. */
  void setKnownPath(KnownPath known) {
    knownPath = known;
  }

  @Override
  public List<CharSequence> getAll(CharSequence name) {
    // Netty asks for each message.
    return plain && HeaderNames.CONTENT_LENGTH.contentEquals(name) ? List.of() : super.getAll(name);
  }

  /**
   * A field's value without the whitespace around it, which is no part of it (RFC 9110, 5.5).
   * Senders differ in whether they leave it; RFC 9113, 8.2.1, allows to strip it.
   */
  public static AsciiString stripped(AsciiString value) {
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
  public void markCached() {
    cached = true;
  }

  /**
   * Sets a number. Netty sets content-length again, as a plain number, each time the headers
   * arrive; an unchanged value is skipped.
   */
  @Override
  public Http2Headers setLong(CharSequence name, long value) {
    if (HeaderNames.CONTENT_LENGTH.contentEquals(name)) {
      if (value == contentLength) {
        return this;
      }
      contentLength = value;
    }
    return super.setLong(name, value);
  }

  /** The kind of these headers, determined once; only for cached headers. */
  public HeadersKind kind() {
    HeadersKind known = kind;
    if (known == null) {
      known = findKind();
      kind = known;
    }
    return known;
  }

  /**
   * The content-length in bytes; {@link #NO_LENGTH} if there is none. Valid once {@link #kind} was
   * called.
   */
  public long declaredLength() {
    return declaredLength;
  }

  private HeadersKind findKind() {
    List<CharSequence> lengths = getAll(HeaderNames.CONTENT_LENGTH);
    if (!lengths.isEmpty()) {
      declaredLength = lengths.size() == 1 ? plainNumber(lengths.get(0)) : NO_LENGTH;
      if (declaredLength == NO_LENGTH) {
        return HeadersKind.OTHER;
      }
    }
    if (method() != null) {
      return new RequestValidator().fault(this) == null ? HeadersKind.REQUEST : HeadersKind.OTHER;
    }
    if (status() != null) {
      return ResponseHeaders.isInformational(this) ? HeadersKind.OTHER : HeadersKind.RESPONSE;
    }
    for (Entry<CharSequence, CharSequence> each : this) {
      if (PseudoHeaderName.hasPseudoHeaderFormat(each.getKey())) {
        return HeadersKind.OTHER;
      }
    }
    return declaredLength == NO_LENGTH ? HeadersKind.TRAILERS : HeadersKind.OTHER;
  }

  /** Parses a number of at most 18 digits; {@link #NO_LENGTH} for anything else. */
  private static long plainNumber(CharSequence text) {
    if (text.length() == 0 || text.length() > LONG_DIGITS) {
      return NO_LENGTH;
    }
    long value = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit >= TEN) {
        return NO_LENGTH;
      }
      value = value * TEN + digit;
    }
    return value;
  }

  /** Whether a request is gRPC by its content type. */
  public static boolean isGrpc(Http2Headers request) {
    if (!(request instanceof ReceivedHeaders receivedHeaders) || !receivedHeaders.cached) {
      return HeaderNames.isGrpc(request);
    }
    Boolean known = receivedHeaders.grpc;
    if (known == null) {
      known = HeaderNames.isGrpc(request);
      receivedHeaders.grpc = known;
    }
    return known;
  }

  /** Whether the path of a request is in normal form; see {@link PathNormalization}. */
  public static boolean hasNormalPath(Http2Headers request) {
    if (!(request instanceof ReceivedHeaders receivedHeaders)) {
      return isNormal(request.path());
    }
    if (!receivedHeaders.cached) {
      return receivedHeaders.knownPath != null || isNormal(request.path());
    }
    Boolean known = receivedHeaders.normalPath;
    if (known == null) {
      known = isNormal(request.path());
      receivedHeaders.normalPath = known;
    }
    return known;
  }

  private static boolean isNormal(@Nullable CharSequence path) {
    return path != null && PathNormalization.isNormal(path);
  }

  /** The grpc-timeout of a request in nanoseconds; {@link GrpcTimeout#NONE} without a valid one. */
  static long sentTimeoutNanos(Http2Headers request) {
    if (!(request instanceof ReceivedHeaders receivedHeaders) || !receivedHeaders.cached) {
      return RequestHeaderRewrite.sentTimeoutNanos(request);
    }
    if (receivedHeaders.sentTimeoutNanos == UNKNOWN) {
      receivedHeaders.sentTimeoutNanos = RequestHeaderRewrite.sentTimeoutNanos(request);
    }
    return receivedHeaders.sentTimeoutNanos;
  }

  /** The route of a request; null when there is none. Cached if the router is steady. */
  static @Nullable public Route route(Http2Headers request, Router router, RequestHead asked) {
    if (!(request instanceof ReceivedHeaders receivedHeaders) || !router.isCacheable()) {
      return router.find(asked);
    }
    if (!receivedHeaders.cached) {
      KnownPath path = receivedHeaders.knownPath;
      return path == null ? router.find(asked) : path.route(router, asked);
    }
    if (receivedHeaders.routedBy != router) {
      receivedHeaders.route = router.find(asked);
      receivedHeaders.routedBy = router;
    }
    return receivedHeaders.route;
  }

  /**
   * The facts about the headers of a response.
   *
   * @param end whether they end the response
   */
  public static ResponseHeaders.ResponseFacts facts(Http2Headers answer, boolean end) {
    if (!(answer instanceof ReceivedHeaders receivedHeaders) || !receivedHeaders.cached) {
      return ResponseHeaders.ResponseFacts.of(answer, end);
    }
    ResponseHeaders.ResponseFacts known = end ? receivedHeaders.asLast : receivedHeaders.asFirst;
    if (known == null) {
      known = ResponseHeaders.ResponseFacts.of(answer, end);
      if (end) {
        receivedHeaders.asLast = known;
      } else {
        receivedHeaders.asFirst = known;
      }
    }
    return known;
  }

  /** Whether the headers are cached, so that other requests may share this object. */
  public boolean isCached() {
    return cached;
  }

  /** Headers that the caller may change: a copy if these are cached. */
  public static Http2Headers copyIfCached(Http2Headers headers) {
    return headers instanceof ReceivedHeaders receivedHeaders && receivedHeaders.cached
        ? copy(headers)
        : headers;
  }

  /**
   * The headers of a request as they are sent to an upstream.
   *
   * @param clientIdentity see {@link RequestHeaderRewrite#prepare}; the same for all requests of a
   *     connection
   */
  public static Http2Headers forwarded(
      Http2Headers request, ClientIdentity clientIdentity, boolean grpc) {
    if (!(request instanceof ReceivedHeaders receivedHeaders) || !receivedHeaders.cached) {
      RequestHeaderRewrite.prepare(request, clientIdentity, grpc);
      return request;
    }
    ReceivedHeaders known = receivedHeaders.forwarded;
    if (known == null) {
      known = copy(receivedHeaders);
      RequestHeaderRewrite.prepare(known, clientIdentity, grpc);
      known.cached = true;
      receivedHeaders.forwarded = known;
    }
    return known;
  }

  /** The header block for an encoder in this state; null if it is not cached. */
  public byte @Nullable [] encodedIn(long state, int slot) {
    EncodedBlock there = encodedBlock == null ? null : encodedBlock[slot];
    return there != null && there.state == state ? there.block : null;
  }

  /** A single array for equal blocks, such as those of the same response to many clients. */
  public byte[] shared(byte[] block) {
    byte[] usual = usualBlock;
    if (usual != null && Arrays.equals(usual, block)) {
      return usual;
    }
    usualBlock = block;
    return block;
  }

  /** Caches a block until an encoder with the same slot replaces it. */
  public void keep(EncodedBlock block, int slot) {
    if (encodedBlock == null) {
      encodedBlock = new EncodedBlock[ENCODED_FORMS];
    }
    encodedBlock[slot] = block;
  }

  private static ReceivedHeaders copy(Http2Headers headers) {
    ReceivedHeaders copy = new ReceivedHeaders(false, false, headers.size() + 2);
    copy.add(headers);
    return copy;
  }
}
