package dev.holdfast.gateway.http2;

import dev.holdfast.gateway.route.MalformedPathException;
import dev.holdfast.gateway.route.PathNormalization;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.gateway.tls.ClientProof;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;

/**
 * The changes to request headers on their way to an upstream. Connection-specific fields do not
 * occur here: Netty refuses them as malformed (RFC 9113, 8.2.2).
 */
final class RequestHeaders {
  /** The longest time in the gateway after which a received timeout is forwarded unchanged. */
  private static final long UNCHANGED_NANOS = 1_000_000;

  private RequestHeaders() {}

  /**
   * Converts the path of a request to its normal form.
   *
   * @param headers the caller's own
   * @return the reason why it has none, or ""
   */
  static String normalizePath(Http2Headers headers, boolean grpc) {
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
  static void prepare(Http2Headers headers, Client client, boolean grpc) {
    if (grpc) {
      headers.set(Names.TE, Names.TRAILERS);
    }
    CharSequence host = headers.get(Names.HOST);
    if (host != null) {
      // Upstreams read one of the two; an intermediary sends :authority (RFC 9113, 8.3.1).
      headers.remove(Names.HOST);
      if (headers.authority() == null) {
        headers.authority(host);
      }
    }
    tell(client.proof(), headers);
    CharSequence forwardedFor = client.forwardedFor(headers);
    if (!client.trusted()) {
      for (AsciiString each : Names.FORWARDED) {
        headers.remove(each);
      }
    }
    if (forwardedFor.length() == 0) {
      return;
    }
    headers.set(Names.X_FORWARDED_FOR, forwardedFor);
    if (!headers.contains(Names.X_FORWARDED_PROTO)) {
      CharSequence scheme = headers.scheme();
      headers.add(Names.X_FORWARDED_PROTO, scheme == null ? Names.HTTP : scheme);
    }
    headers.scheme(Names.HTTP);
  }

  /**
   * Sets x-forwarded-client-cert, or removes it, so that a client's own value is forwarded only if
   * it is trusted.
   */
  private static void tell(ClientProof proof, Http2Headers headers) {
    if (proof.element().isEmpty()) {
      headers.remove(Names.X_FORWARDED_CLIENT_CERT);
      return;
    }
    CharSequence said = proof.believed() ? headers.get(Names.X_FORWARDED_CLIENT_CERT) : null;
    if (said == null) {
      headers.set(Names.X_FORWARDED_CLIENT_CERT, proof.element());
    } else {
      String before = String.join(",", headers.getAll(Names.X_FORWARDED_CLIENT_CERT));
      headers.set(Names.X_FORWARDED_CLIENT_CERT, AsciiString.of(before + "," + proof.element()));
    }
  }

  /**
   * The timeout of a call in nanoseconds: 0 for none, {@link GrpcTimeout#EXPIRED} if it is shorter
   * than {@link GrpcTimeout#SHORTEST}.
   */
  static long timeoutNanos(Http2Headers headers, RouteOptions terms) {
    long nanos = Head.sentTimeoutNanos(headers);
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
    CharSequence sent = headers.get(Names.GRPC_TIMEOUT);
    return sent == null ? GrpcTimeout.NONE : GrpcTimeout.parse(sent);
  }

  /** The headers with the rest of the timeout, for each attempt. */
  static Http2Headers timed(Http2Headers headers, long timeoutNanos, long spentNanos) {
    if (spentNanos < UNCHANGED_NANOS && isSame(headers, timeoutNanos)) {
      return headers;
    }
    Http2Headers timed = Head.own(headers);
    timed.set(Names.GRPC_TIMEOUT, GrpcTimeout.format(timeoutNanos - spentNanos));
    return timed;
  }

  private static boolean isSame(Http2Headers headers, long timeoutNanos) {
    CharSequence sent = headers.get(Names.GRPC_TIMEOUT);
    return sent != null && GrpcTimeout.parse(sent) == timeoutNanos;
  }
}
