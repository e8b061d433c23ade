package dev.holdfast.transcoding.http.connect;

import dev.holdfast.transcoding.http.HttpRequestHead;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The head of a Connect request. Immutable.
 *
 * <p>A unary JSON POST looks like plain HTTP/JSON. The header {@code connect-protocol-version}
 * distinguishes the two, and so the format of errors.
 */
public final class ConnectRequest {
  /** The form of the call. */
  public enum ConnectCallType {
    /** A POST with one message as body. */
    UNARY,
    /** A GET with the message in the query, for methods without side effects. */
    GET,
    /** A POST with messages in envelopes, both ways. */
    STREAM
  }

  /** The encoding of the messages, in both directions. */
  public enum Encoding {
    /** The JSON encoding of proto3. */
    JSON,
    /** The binary encoding of protobuf messages. */
    PROTO;

    static @Nullable Encoding of(String name) {
      return switch (name) {
        case "json" -> JSON;
        case "proto" -> PROTO;
        default -> null;
      };
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final String STREAM_PREFIX = "application/connect+";
  private static final String UNARY_PREFIX = "application/";
  private static final int TIMEOUT_DIGITS = 10;

  private final ConnectCallType kind;
  private final Encoding encoding;
  private final String compression;
  private final byte[] message;

  private ConnectRequest(
      ConnectCallType connectCallType, Encoding encoding, String compression, byte[] message) {
    this.kind = connectCallType;
    this.encoding = encoding;
    this.compression = compression;
    this.message = message;
  }

  /**
   * Parses the head of a Connect request.
   *
   * @param protocolVersion the header {@code connect-protocol-version}; empty for none
   * @return null when the request is not a Connect request
   * @throws RequestRefusedException 400 for malformed GET parameters or a version other than 1, 415
   *     for a stream in an unknown encoding
   */
  public static @Nullable ConnectRequest of(HttpRequestHead head, String protocolVersion) {
    if (head.method().equals("GET")) {
      return get(head.query());
    }
    if (!head.method().equals("POST")) {
      return null;
    }
    String type = essence(head.contentType());
    if (type.startsWith(STREAM_PREFIX)) {
      Encoding encoding = Encoding.of(type.substring(STREAM_PREFIX.length()));
      if (encoding == null) {
        throw RequestRefusedException.unsupportedType(
            "content-type: %s (expected: application/connect+proto or +json)".formatted(type));
      }
      requireVersion(protocolVersion);
      return new ConnectRequest(ConnectCallType.STREAM, encoding, "", new byte[0]);
    }
    Encoding encoding =
        type.startsWith(UNARY_PREFIX) ? Encoding.of(type.substring(UNARY_PREFIX.length())) : null;
    if (encoding == null || (encoding == Encoding.JSON && protocolVersion.isEmpty())) {
      return null;
    }
    requireVersion(protocolVersion);
    return new ConnectRequest(ConnectCallType.UNARY, encoding, "", new byte[0]);
  }

  /** Whether a query has a parameter that {@link #of} requires of a GET. */
  public static boolean mayBeGet(String query) {
    return query.contains("connect=") || query.contains("encoding=");
  }

  /**
   * The timeout of a call, from {@code connect-timeout-ms}.
   *
   * @param header the value; empty for none
   * @return milliseconds from 0; empty without a header
   * @throws RequestRefusedException 400 unless the value has 1 to 10 digits
   */
  public static OptionalLong timeoutMillis(String header) {
    if (header.isEmpty()) {
      return OptionalLong.empty();
    }
    boolean digits = header.chars().allMatch(c -> c >= '0' && c <= '9');
    if (!digits || header.length() > TIMEOUT_DIGITS) {
      throw RequestRefusedException.badRequest(
          "connect-timeout-ms: '%s' (expected: 1 to %d digits)".formatted(header, TIMEOUT_DIGITS));
    }
    return OptionalLong.of(Long.parseLong(header));
  }

  private static @Nullable ConnectRequest get(String query) {
    Map<String, String> parameters = ConnectQuery.parse(query);
    String name = parameters.get("encoding");
    String text = parameters.get("message");
    String version = parameters.getOrDefault("connect", "");
    if (version.isEmpty() && (name == null || text == null)) {
      return null;
    }
    if (!version.isEmpty() && !version.equals("v1")) {
      throw RequestRefusedException.badRequest(
          "query parameter connect: '%s' (expected: v1)".formatted(version));
    }
    Encoding encoding = name == null ? null : Encoding.of(name);
    if (encoding == null) {
      throw RequestRefusedException.badRequest(
          "query parameter encoding: '%s' (expected: json or proto)"
              .formatted(name == null ? "" : name));
    }
    if (text == null) {
      throw RequestRefusedException.badRequest("query parameter message: none (expected: one)");
    }
    String base64 = parameters.getOrDefault("base64", "0");
    if (!base64.equals("0") && !base64.equals("1")) {
      throw RequestRefusedException.badRequest(
          "query parameter base64: '%s' (expected: 0 or 1)".formatted(base64));
    }
    byte[] message = base64.equals("1") ? decoded(text) : text.getBytes(StandardCharsets.UTF_8);
    String compression = parameters.getOrDefault("compression", "");
    return new ConnectRequest(
        ConnectCallType.GET, encoding, compression.equals("identity") ? "" : compression, message);
  }

  /** Decodes base64 of either alphabet, padded or not, because clients differ. */
  private static byte[] decoded(String text) {
    try {
      return Base64.getUrlDecoder().decode(text.replace('+', '-').replace('/', '_'));
    } catch (IllegalArgumentException e) {
      throw RequestRefusedException.badRequest(
          "query parameter message: no base64 (expected: base64 of the URL alphabet)");
    }
  }

  private static void requireVersion(String version) {
    if (!version.isEmpty() && !version.equals("1")) {
      throw RequestRefusedException.badRequest(
          "connect-protocol-version: '%s' (expected: 1)".formatted(version));
    }
  }

  private static String essence(String contentType) {
    int semicolon = contentType.indexOf(';');
    String type = semicolon < 0 ? contentType : contentType.substring(0, semicolon);
    return type.strip().toLowerCase(Locale.ROOT);
  }

  /** The form of the call. */
  public ConnectCallType kind() {
    return kind;
  }

  /** The encoding of the messages, in both directions. */
  public Encoding encoding() {
    return encoding;
  }

  /** The compression of a GET's message: {@code gzip} or another name; empty for none. */
  public String compression() {
    return compression;
  }

  /** The message of a GET, not copied; empty for other kinds. */
  public byte[] message() {
    return message;
  }

  /** The content type of a successful response; a unary error is application/json. */
  public String contentType() {
    return (kind == ConnectCallType.STREAM ? STREAM_PREFIX : UNARY_PREFIX) + encoding;
  }
}
