package dev.holdfast.gateway.headers;

import io.netty.handler.codec.http2.Http2Error;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The gRPC status codes of local replies, each with the HTTP status for clients that do not speak
 * gRPC (google.rpc.Code).
 */
public enum LocalReplyStatus {
  CANCELLED(1, 499),
  UNKNOWN(2, 500),
  INVALID_ARGUMENT(3, 400),
  DEADLINE_EXCEEDED(4, 504),
  PERMISSION_DENIED(7, 403),
  RESOURCE_EXHAUSTED(8, 429),
  UNIMPLEMENTED(12, 501),
  INTERNAL(13, 500),
  UNAVAILABLE(14, 503),
  UNAUTHENTICATED(16, 401);

  private static final int FIRST_PLAIN = ' ';
  private static final int LAST_PLAIN = '~';
  private static final char[] HEX = "0123456789ABCDEF".toCharArray();

  private final dev.holdfast.transcoding.status.GrpcStatusCode code;
  private final AsciiString number;
  private final AsciiString http;

  LocalReplyStatus(int number, int http) {
    this.code = dev.holdfast.transcoding.status.GrpcStatusCode.of(number);
    this.number = AsciiString.cached(Integer.toString(number));
    this.http = AsciiString.cached(Integer.toString(http));
  }

  /** The code in the enumeration of all gRPC codes. */
  public dev.holdfast.transcoding.status.GrpcStatusCode code() {
    return code;
  }

  /** The value of the grpc-status field. */
  public AsciiString number() {
    return number;
  }

  /** The value of the :status field. */
  public AsciiString http() {
    return http;
  }

  /** The status for an HTTP response that is not gRPC (gRPC's http-grpc-status-mapping.md). */
  public static LocalReplyStatus ofHttp(@Nullable CharSequence status) {
    String text = status == null ? "" : status.toString();
    return switch (text) {
      case "400" -> INTERNAL;
      case "401" -> UNAUTHENTICATED;
      case "403" -> PERMISSION_DENIED;
      case "404" -> UNIMPLEMENTED;
      case "429", "502", "503", "504" -> UNAVAILABLE;
      default -> UNKNOWN;
    };
  }

  /**
   * The status for an upstream's RST_STREAM (gRPC's PROTOCOL-HTTP2.md). CANCEL and NO_ERROR
   * deviate: they are UNAVAILABLE, since the client did not cancel and the response is incomplete.
   */
  public static LocalReplyStatus ofReset(long code) {
    Http2Error error = Http2Error.valueOf(code);
    if (error == null) {
      return UNAVAILABLE;
    }
    return switch (error) {
      case ENHANCE_YOUR_CALM -> RESOURCE_EXHAUSTED;
      case INADEQUATE_SECURITY -> PERMISSION_DENIED;
      case PROTOCOL_ERROR,
          INTERNAL_ERROR,
          FLOW_CONTROL_ERROR,
          SETTINGS_TIMEOUT,
          FRAME_SIZE_ERROR,
          COMPRESSION_ERROR ->
          INTERNAL;
      default -> UNAVAILABLE;
    };
  }

  /**
   * Percent-encodes a grpc-message: printable ASCII stays, other bytes of UTF-8 and % become %XX.
   */
  public static AsciiString message(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    StringBuilder encoded = new StringBuilder(utf8.length);
    for (byte each : utf8) {
      int value = each & 0xff;
      if (value < FIRST_PLAIN || value > LAST_PLAIN || value == '%') {
        encoded.append('%').append(HEX[value >> 4]).append(HEX[value & 0xf]);
      } else {
        encoded.append((char) value);
      }
    }
    return AsciiString.of(encoded);
  }
}
