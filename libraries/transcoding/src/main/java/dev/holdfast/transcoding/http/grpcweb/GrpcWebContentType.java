package dev.holdfast.transcoding.http.grpcweb;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The content type of a gRPC-Web request.
 *
 * @param text whether bodies are base64
 * @param format of the messages; {@code proto} by default
 */
public record GrpcWebContentType(boolean text, String format) {
  /**
   * The status headers that a page must be allowed to read, for {@code
   * access-control-expose-headers}.
   */
  public static final List<String> EXPOSED_HEADERS =
      List.of("grpc-status", "grpc-message", "grpc-status-details-bin");

  private static final String BINARY = "application/grpc-web";
  private static final String TEXT = "application/grpc-web-text";

  /** The parsed value of a content-type header; null when it is not one of gRPC-Web. */
  public static @Nullable GrpcWebContentType of(String contentType) {
    int semicolon = contentType.indexOf(';');
    String type = semicolon < 0 ? contentType : contentType.substring(0, semicolon);
    type = type.strip().toLowerCase(Locale.ROOT);
    int plus = type.indexOf('+');
    String name = plus < 0 ? type : type.substring(0, plus);
    String format = plus < 0 ? "proto" : type.substring(plus + 1);
    if (format.isEmpty() || !(name.equals(BINARY) || name.equals(TEXT))) {
      return null;
    }
    return new GrpcWebContentType(name.equals(TEXT), format);
  }

  /** The content type of the response. */
  public String contentType() {
    return (text ? TEXT : BINARY) + "+" + format;
  }

  /** The content type of the gRPC call. */
  public String grpcContentType() {
    return format.equals("proto") ? "application/grpc" : "application/grpc+" + format;
  }
}
