package dev.holdfast.gateway.headers;

import dev.holdfast.gateway.route.MalformedPathException;
import dev.holdfast.gateway.route.PathNormalization;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.gateway.tls.ForwardedClientCert;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;

/**
 * The changes to request headers on their way to an upstream. Connection-specific fields do not
 * occur here: Netty refuses them as malformed (RFC 9113, 8.2.2).
 */
public final class RequestHeaderRewrite {
  /** The longest time in the gateway after which a received timeout is forwarded unchanged. */
  private static final long UNCHANGED_NANOS = 1_000_000;

  private RequestHeaderRewrite() {}

  /**
   * Converts the path of a request to its normal form.
   *
   * @param headers the caller's own
   * @return the reason why it has none, or ""
   */
  public static String normalizePath(Http2Headers headers, boolean grpc) {
    CharSequence path = headers.path();
    CharSequence method = headers.method();
    try {
      CharSequence normal =
          PathNormalization.normalize(method == null ? "" : method, path == null ? "" : path);
      if (grpc) {
        PathNormalization.requireMethodPath(normal);
      }
      headers.path(normal);
      return "";
    } catch (MalformedPathException e) {
      return e.getMessage();
    }
  }

  /** Changes the headers for the upstream; must be called once per request. */
  static void prepare(Http2Headers headers, ClientIdentity clientIdentity, boolean grpc) {
    if (grpc && !HeaderNames.TRAILERS.contentEquals(headers.get(HeaderNames.TE))) {
      headers.set(HeaderNames.TE, HeaderNames.TRAILERS);
    }
    CharSequence forwardedFor = clientIdentity.forwardedFor(headers);
    boolean plain = ReceivedHeaders.isPlain(headers);
    if (!plain) {
      setAuthority(headers);
    }
    if (!plain || !clientIdentity.proof().element().isEmpty()) {
      setClientCert(clientIdentity.proof(), headers);
    }
    if (!plain && !clientIdentity.trusted()) {
      for (AsciiString each : HeaderNames.FORWARDED) {
        headers.remove(each);
      }
    }
    if (forwardedFor.length() == 0) {
      return;
    }
    CharSequence scheme = headers.scheme();
    if (plain) {
      headers.add(HeaderNames.X_FORWARDED_FOR, forwardedFor);
    } else {
      headers.set(HeaderNames.X_FORWARDED_FOR, forwardedFor);
    }
    if (plain || !headers.contains(HeaderNames.X_FORWARDED_PROTO)) {
      headers.add(HeaderNames.X_FORWARDED_PROTO, scheme == null ? HeaderNames.HTTP : scheme);
    }
    if (!HeaderNames.HTTP.contentEquals(scheme)) {
      headers.scheme(HeaderNames.HTTP);
    }
  }

  /** Upstreams read Host or :authority; an intermediary sends :authority (RFC 9113, 8.3.1). */
  private static void setAuthority(Http2Headers headers) {
    CharSequence host = headers.get(HeaderNames.HOST);
    if (host != null) {
      headers.remove(HeaderNames.HOST);
      if (headers.authority() == null) {
        headers.authority(host);
      }
    }
  }

  /**
   * Sets x-forwarded-client-cert, or removes it, so that a client's own value is forwarded only if
   * it is trusted.
   */
  private static void setClientCert(ForwardedClientCert proof, Http2Headers headers) {
    if (proof.element().isEmpty()) {
      headers.remove(HeaderNames.X_FORWARDED_CLIENT_CERT);
      return;
    }
    CharSequence said = proof.trusted() ? headers.get(HeaderNames.X_FORWARDED_CLIENT_CERT) : null;
    if (said == null) {
      headers.set(HeaderNames.X_FORWARDED_CLIENT_CERT, proof.element());
    } else {
      String before = String.join(",", headers.getAll(HeaderNames.X_FORWARDED_CLIENT_CERT));
      headers.set(
          HeaderNames.X_FORWARDED_CLIENT_CERT, AsciiString.of(before + "," + proof.element()));
    }
  }

  /**
   * The timeout of a call in nanoseconds: 0 for none, {@link GrpcTimeout#EXPIRED} if it is shorter
   * than {@link GrpcTimeout#SHORTEST}.
   */
  public static long timeoutNanos(Http2Headers headers, RouteOptions terms) {
    long nanos = ReceivedHeaders.sentTimeoutNanos(headers);
    if (nanos >= 0 && nanos < GrpcTimeout.SHORTEST.toNanos()) {
      return GrpcTimeout.EXPIRED;
    }
    if (nanos == GrpcTimeout.NONE) {
      nanos = terms.deadline().toNanos();
    }
    long most = terms.maxDeadline().toNanos();
    return most > 0 && (nanos == 0 || nanos > most) ? most : nanos;
  }

  /**
   * The grpc-timeout in the headers, in nanoseconds; {@link GrpcTimeout#NONE} without a valid one.
   */
  static long sentTimeoutNanos(Http2Headers headers) {
    CharSequence sent = headers.get(HeaderNames.GRPC_TIMEOUT);
    return sent == null ? GrpcTimeout.NONE : GrpcTimeout.parse(sent);
  }

  /** The headers with the rest of the timeout, for each attempt. */
  public static Http2Headers withTimeout(Http2Headers headers, long timeoutNanos, long spentNanos) {
    if (spentNanos < UNCHANGED_NANOS && isSame(headers, timeoutNanos)) {
      return headers;
    }
    Http2Headers timed = ReceivedHeaders.copyIfCached(headers);
    timed.set(HeaderNames.GRPC_TIMEOUT, GrpcTimeout.format(timeoutNanos - spentNanos));
    return timed;
  }

  private static boolean isSame(Http2Headers headers, long timeoutNanos) {
    CharSequence sent = headers.get(HeaderNames.GRPC_TIMEOUT);
    return sent != null && GrpcTimeout.parse(sent) == timeoutNanos;
  }
}
