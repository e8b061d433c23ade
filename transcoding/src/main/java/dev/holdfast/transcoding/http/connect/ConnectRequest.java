package dev.holdfast.transcoding.http.connect;

import dev.holdfast.transcoding.http.RequestHead;
import dev.holdfast.transcoding.http.RequestRefusedException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What the head of a Connect request says. Immutable.
 *
 * <p>A unary POST of JSON looks like one of plain HTTP/JSON; the header {@code
 * connect-protocol-version} tells them apart, and with it how an error is written.
 */
public final class ConnectRequest {
  /** How the call is made. */
  public enum Kind {
    /** POST with one message as body. */
    UNARY,
    /** GET with the message in the query; for methods without side effects. */
    GET,
    /** POST with messages in envelopes, both ways. */
    STREAM
  }

  /** How messages are written. */
  public enum Encoding {
    /** Protobuf's JSON. */
    JSON,
    /** Protobuf's binary form. */
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

  private final Kind kind;
  private final Encoding encoding;
  private final String compression;
  private final byte[] message;

  private ConnectRequest(Kind kind, Encoding encoding, String compression, byte[] message) {
    this.kind = kind;
    this.encoding = encoding;
    this.compression = compression;
    this.message = message;
  }

  /**
   * Reads a head.
   *
   * @param protocolVersion the header {@code connect-protocol-version}; empty for none
   * @return null when it is no Connect request
   * @throws RequestRefusedException 400 for a GET whose parameters can't be read or a version that
   *     is not 1, 415 for a stream in an encoding that is none
   */
  public static @Nullable ConnectRequest of(RequestHead head, String protocolVersion) {
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
      return new ConnectRequest(Kind.STREAM, encoding, "", new byte[0]);
    }
    Encoding encoding =
        type.startsWith(UNARY_PREFIX) ? Encoding.of(type.substring(UNARY_PREFIX.length())) : null;
    if (encoding == null || (encoding == Encoding.JSON && protocolVersion.isEmpty())) {
      return null;
    }
    requireVersion(protocolVersion);
    return new ConnectRequest(Kind.UNARY, encoding, "", new byte[0]);
  }

  /** Whether a query has one of the parameters without which {@link #of} takes no GET. */
  public static boolean mayBeGet(String query) {
    return query.contains("connect=") || query.contains("encoding=");
  }

  /**
   * The time that a call has, from {@code connect-timeout-ms}.
   *
   * @param header its value; empty for none
   * @return milliseconds from 0; empty without a header
   * @throws RequestRefusedException 400 unless it is 1 to 10 digits
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
        Kind.GET, encoding, compression.equals("identity") ? "" : compression, message);
  }

  /** Both alphabets, padded or not: clients differ. */
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

  /** How the call is made. */
  public Kind kind() {
    return kind;
  }

  /** How messages are written, both ways. */
  public Encoding encoding() {
    return encoding;
  }

  /** How the message of a GET is compressed: {@code gzip} or another name; empty for not at all. */
  public String compression() {
    return compression;
  }

  /** The message of a GET, not copied; empty for the others. */
  public byte[] message() {
    return message;
  }

  /** The content type of an answer that is no error: a unary error is application/json. */
  public String contentType() {
    return (kind == Kind.STREAM ? STREAM_PREFIX : UNARY_PREFIX) + encoding;
  }
}
