package dev.holdfast.gateway.headers;

import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The gRPC status codes of local replies, each with the HTTP status for clients that do not speak
 * gRPC (google.rpc.Code).
 */
public enum LocalReplyStatus {
  CANCELLED,
  UNKNOWN,
  INVALID_ARGUMENT,
  DEADLINE_EXCEEDED,
  PERMISSION_DENIED,
  RESOURCE_EXHAUSTED,
  UNIMPLEMENTED,
  INTERNAL,
  UNAVAILABLE,
  UNAUTHENTICATED;

  private static final int FIRST_PLAIN = ' ';
  private static final int LAST_PLAIN = '~';
  private static final char[] HEX = "0123456789ABCDEF".toCharArray();

  private final GrpcStatusCode code;
  private final AsciiString number;
  private final AsciiString http;

  LocalReplyStatus() {
    this.code = GrpcStatusCode.valueOf(name());
    this.number = AsciiString.cached(Integer.toString(code.number()));
    this.http = AsciiString.cached(Integer.toString(code.httpStatus()));
  }

  /** The code in the enumeration of all gRPC codes. */
  public GrpcStatusCode code() {
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

  /** The status for an HTTP response that is not gRPC. */
  public static LocalReplyStatus ofHttp(@Nullable CharSequence status) {
    return valueOf(GrpcStatusCode.ofHttp(ResponseHeaders.httpStatus(status)).name());
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
