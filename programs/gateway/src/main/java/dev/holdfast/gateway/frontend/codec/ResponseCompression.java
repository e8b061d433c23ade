package dev.holdfast.gateway.frontend.codec;

import dev.holdfast.gateway.gzip.AcceptEncoding;
import dev.holdfast.gateway.gzip.GzipDeflater;
import dev.holdfast.gateway.gzip.GzipStream;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Negotiates gzip compression of a whole response body, by {@code accept-encoding}. */
public final class ResponseCompression {
  private static final String CODING = "content-encoding";
  private static final String VARY = "vary";
  private static final String ACCEPTS = "accept-encoding";
  private static final String WEAK = "W/";

  /** Digests are of the body as it is (RFC 9530). */
  private static final List<String> DIGESTS =
      List.of("content-digest", "repr-digest", "digest", "content-md5");

  private ResponseCompression() {}

  /** The complete response, compressed if that is negotiated and makes it smaller. */
  public static FrontendResponse of(Http2Headers request, FrontendResponse frontendResponse) {
    byte[] body = frontendResponse.body();
    if (!isNegotiated(frontendResponse.head())) {
      return frontendResponse;
    }
    frontendResponse.head().add(VARY, ACCEPTS);
    GzipDeflater deflater = GzipDeflater.ofThread();
    if (!takesGzip(request) || !deflater.mayDeflate(body.length)) {
      return frontendResponse;
    }
    byte[] deflated = deflater.deflate(body, 0, body.length);
    if (deflated.length >= body.length) {
      return frontendResponse;
    }
    frontendResponse.head().set(CODING, AcceptEncoding.GZIP);
    return new FrontendResponse(frontendResponse.head(), deflated);
  }

  /** The compression of a streamed response that begins with some bytes; null for none. */
  static @Nullable GzipStream ofStream(Http2Headers request, Http2Headers head, byte[] first) {
    if (!isNegotiated(head)) {
      return null;
    }
    head.add(VARY, ACCEPTS);
    boolean wanted = takesGzip(request) && GzipDeflater.ofThread().mayDeflate(first.length);
    if (!wanted) {
      return null;
    }
    head.set(CODING, AcceptEncoding.GZIP);
    return new GzipStream();
  }

  private static boolean takesGzip(Http2Headers request) {
    return AcceptEncoding.takesGzip(AcceptEncoding.joined(request.getAll(ACCEPTS)));
  }

  private static boolean isNegotiated(Http2Headers head) {
    CharSequence type = head.get("content-type");
    return type != null
        && isCompressible(type.toString())
        && !head.contains(CODING)
        && !hasStrongTag(head)
        && !contains(head.get("cache-control"), "no-transform")
        && DIGESTS.stream().noneMatch(head::contains);
  }

  /**
   * Whether a response has a strong entity tag. Such a tag identifies exact bytes, and a weak
   * replacement would fail every If-Match.
   */
  private static boolean hasStrongTag(Http2Headers head) {
    CharSequence tag = head.get("etag");
    return tag != null && !tag.toString().strip().startsWith(WEAK);
  }

  private static boolean contains(@Nullable CharSequence value, String word) {
    return value != null && value.toString().toLowerCase(Locale.ROOT).contains(word);
  }

  /** Images and archives are compressed by themselves, envelopes have codings of their own. */
  private static boolean isCompressible(String contentType) {
    int semicolon = contentType.indexOf(';');
    String type = semicolon < 0 ? contentType : contentType.substring(0, semicolon);
    type = type.strip().toLowerCase(Locale.ROOT);
    if (type.startsWith("application/connect+") || type.startsWith("application/grpc")) {
      return false;
    }
    return type.startsWith("text/")
        || type.endsWith("+json")
        || type.endsWith("+xml")
        || switch (type) {
          case "application/json",
              "application/x-ndjson",
              "application/proto",
              "application/xml",
              "application/javascript",
              "application/yaml" ->
              true;
          default -> false;
        };
  }
}
