package dev.holdfast.inprocess;

import dev.holdfast.gateway.limits.LogRateLimiter;
import io.grpc.InternalMetadata;
import io.grpc.Metadata;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Headers of HTTP as grpc-java has them, and back, by the same means as its own transports: names
 * that a Metadata.Key would refuse pass.
 */
final class MetadataConversion {
  private static final AsciiString BINARY = AsciiString.cached(Metadata.BINARY_HEADER_SUFFIX);
  private static final AsciiString TIMEOUT = AsciiString.cached("grpc-timeout");
  private static final AsciiString TE = AsciiString.cached("te");

  private static final Logger LOG = LoggerFactory.getLogger(MetadataConversion.class);

  private static final LogRateLimiter DROPPED = new LogRateLimiter();

  private MetadataConversion() {}

  /**
   * The metadata of a call, without headers of HTTP and the protocol.
   *
   * @throws IllegalArgumentException when a binary header is not valid base64, with its name
   */
  static Metadata metadata(Http2Headers headers) {
    List<byte[]> all = new ArrayList<>(2 * headers.size());
    for (Map.Entry<CharSequence, CharSequence> each : headers) {
      AsciiString name = AsciiString.of(each.getKey());
      if (name.charAt(0) == ':' || name.contentEquals(TIMEOUT) || name.contentEquals(TE)) {
        continue;
      }
      if (name.endsWith(BINARY)) {
        addBinary(name, each.getValue().toString(), all);
      } else {
        all.add(name.toByteArray());
        all.add(AsciiString.of(each.getValue()).toByteArray());
      }
    }
    return InternalMetadata.newMetadata(all.toArray(new byte[0][]));
  }

  /**
   * Adds the values of a binary header, which may be comma-separated (gRPC over HTTP/2,
   * Custom-Metadata).
   */
  private static void addBinary(AsciiString name, String values, List<byte[]> all) {
    for (String value : values.split(",", -1)) {
      byte[] decoded;
      try {
        decoded = Base64.getDecoder().decode(value.strip());
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "header " + name + ": " + e.getMessage() + " (expected: base64)", e);
      }
      all.add(name.toByteArray());
      all.add(decoded);
    }
  }

  /**
   * The headers of metadata, encoded as for HTTP/2. A value with bytes other than printable ASCII
   * is dropped, as in grpc-java's transports. A line break in it would begin another header over
   * HTTP/1.1.
   */
  static Http2Headers http2(Metadata metadata) {
    Http2Headers headers = new DefaultHttp2Headers(false);
    byte[][] all = InternalMetadata.serialize(metadata);
    for (int i = 0; i + 1 < all.length; i += 2) {
      AsciiString name = new AsciiString(all[i], false);
      if (name.endsWith(BINARY)) {
        byte[] encoded = Base64.getEncoder().withoutPadding().encode(all[i + 1]);
        headers.add(name, new String(encoded, StandardCharsets.ISO_8859_1));
      } else if (isPrintable(all[i + 1])) {
        headers.add(name, new AsciiString(all[i + 1], false));
      } else {
        tellOfDropped(name);
      }
    }
    return headers;
  }

  private static void tellOfDropped(AsciiString name) {
    int times = DROPPED.count();
    if (times > 0) {
      LOG.warn("event=metadata_dropped name={} times={} cause=\"no printable ASCII\"", name, times);
    }
  }

  private static boolean isPrintable(byte[] value) {
    for (byte each : value) {
      if (each < ' ' || each > '~') {
        return false;
      }
    }
    return true;
  }
}
