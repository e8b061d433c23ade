package dev.holdfast.gateway.headers;

import dev.holdfast.transcoding.status.GrpcMessageHeader;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * The end of a call: its status, message and trailers.
 *
 * @param status of gRPC
 * @param message decoded; "" for none
 * @param trailers as the upstream sent them; its headers if it sent no trailers; empty when the
 *     gateway ended the call
 */
public record CallEnd(GrpcStatusCode status, String message, Http2Headers trailers) {
  private static final String DETAILS = "grpc-status-details-bin";

  public static CallEnd of(Http2Headers trailers) {
    CharSequence message = trailers.get(HeaderNames.GRPC_MESSAGE);
    return new CallEnd(
        status(trailers.get(HeaderNames.GRPC_STATUS)),
        message == null ? "" : GrpcMessageHeader.decode(message),
        trailers);
  }

  /** The end of a call that the gateway ended itself. */
  public static CallEnd of(GrpcStatusCode status, String message) {
    return new CallEnd(status, message, new DefaultHttp2Headers(false));
  }

  /** Whether the status is OK. */
  public boolean isOk() {
    return status == GrpcStatusCode.OK;
  }

  /** The decoded value of grpc-status-details-bin; null when it is absent or not base64. */
  public byte @Nullable [] details() {
    CharSequence text = trailers.get(DETAILS);
    if (text == null) {
      return null;
    }
    try {
      return Base64.getDecoder().decode(text.toString().getBytes(StandardCharsets.ISO_8859_1));
    } catch (IllegalArgumentException e) {
      // The status and its message count, and they are whole.
      return null;
    }
  }

  /** The status code in a grpc-status value; UNKNOWN when it is absent or not a number. */
  static GrpcStatusCode status(@Nullable CharSequence number) {
    int value = -1;
    if (number != null && number.length() > 0 && number.length() <= 2) {
      value = 0;
      for (int i = 0; i < number.length() && value >= 0; i++) {
        int digit = number.charAt(i) - '0';
        value = digit < 0 || digit > 9 ? -1 : value * 10 + digit;
      }
    }
    return GrpcStatusCode.of(value);
  }
}
