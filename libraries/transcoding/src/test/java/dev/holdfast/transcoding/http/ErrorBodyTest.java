package dev.holdfast.transcoding.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import dev.holdfast.transcoding.json.JsonCodec;
import dev.holdfast.transcoding.json.SchemaTypes;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import dev.holdfast.transcoding.shop.Address;
import dev.holdfast.transcoding.shop.ShopProto;
import dev.holdfast.transcoding.status.GrpcMessageHeader;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrorBodyTest {
  @ParameterizedTest
  @CsvSource({
    "0, OK, 200, ok",
    "1, CANCELLED, 499, canceled",
    "2, UNKNOWN, 500, unknown",
    "3, INVALID_ARGUMENT, 400, invalid_argument",
    "4, DEADLINE_EXCEEDED, 504, deadline_exceeded",
    "5, NOT_FOUND, 404, not_found",
    "6, ALREADY_EXISTS, 409, already_exists",
    "7, PERMISSION_DENIED, 403, permission_denied",
    "8, RESOURCE_EXHAUSTED, 429, resource_exhausted",
    "9, FAILED_PRECONDITION, 400, failed_precondition",
    "10, ABORTED, 409, aborted",
    "11, OUT_OF_RANGE, 400, out_of_range",
    "12, UNIMPLEMENTED, 501, unimplemented",
    "13, INTERNAL, 500, internal",
    "14, UNAVAILABLE, 503, unavailable",
    "15, DATA_LOSS, 500, data_loss",
    "16, UNAUTHENTICATED, 401, unauthenticated",
    "17, UNKNOWN, 500, unknown",
    "-1, UNKNOWN, 500, unknown"
  })
  void statusOfGrpcIsOneOfHttp(int number, GrpcStatusCode code, int http, String connect) {
    assertThat(GrpcStatusCode.of(number)).isEqualTo(code);
    assertThat(GrpcStatusCode.of(number).httpStatus()).isEqualTo(http);
    assertThat(code.connectName()).isEqualTo(connect);
    assertThat(GrpcStatusCode.of(code.number())).isEqualTo(code);
  }

  @ParameterizedTest
  @CsvSource({
    "400, INTERNAL",
    "401, UNAUTHENTICATED",
    "403, PERMISSION_DENIED",
    "404, UNIMPLEMENTED",
    "429, UNAVAILABLE",
    "502, UNAVAILABLE",
    "503, UNAVAILABLE",
    "504, UNAVAILABLE",
    "200, UNKNOWN",
    "302, UNKNOWN",
    "405, UNKNOWN",
    "500, UNKNOWN",
    "501, UNKNOWN"
  })
  void statusOfHttpIsOneOfGrpc(int http, GrpcStatusCode code) {
    assertThat(GrpcStatusCode.ofHttp(http)).isEqualTo(code);
  }

  @Test
  void messageIsEscaped() {
    assertThat(body(null, "a \"b\"\\\n\u0001\t\uD800é😀"))
        .isEqualTo("{\"code\":5,\"message\":\"a \\\"b\\\"\\\\\\n\\u0001\\t\uFFFDé😀\"}");
  }

  @Test
  void detailsAreDecodedAndUnknownOnesNoted() {
    Status status =
        Status.newBuilder()
            .setCode(9)
            .setMessage("not this one")
            .addDetails(Any.pack(ErrorInfo.newBuilder().setReason("R").build()))
            .addDetails(Any.newBuilder().setTypeUrl("type.googleapis.com/q.Unknown"))
            .addDetails(Any.pack(RetryInfo.getDefaultInstance()))
            .addDetails(Any.pack(Address.newBuilder().setCity("c").build()))
            .build();
    assertThat(body(status.toByteArray(), "m"))
        .isEqualTo(
            "{\"code\":5,\"message\":\"m\",\"details\":["
                + "{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"R\"},"
                + "{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\"},"
                + "{\"@type\":\"type.googleapis.com/shop.v1.Address\",\"city\":\"c\"},"
                + "{\"@type\":\"type.googleapis.com/google.rpc.DebugInfo\",\"detail\":"
                + "\"details left out, not in the schema: type.googleapis.com/q.Unknown\"}]}");
  }

  @Test
  void detailsThatAreNoneAreNoted() {
    assertThat(body(new byte[] {1, 2, 3}, "m"))
        .contains("grpc-status-details-bin is no google.rpc.Status");
    assertThat(body(new byte[0], "m")).isEqualTo("{\"code\":5,\"message\":\"m\"}");
  }

  @Test
  void refusalsHaveABodyToo() {
    byte[] body = ErrorBody.json(RequestRefusedException.badRequest("a: \"b\""));
    assertThat(new String(body, StandardCharsets.UTF_8))
        .isEqualTo("{\"code\":3,\"message\":\"a: \\\"b\\\"\"}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "a b|a b",
        "100%|100%25",
        "é|%C3%A9",
        "~\u007F|~%7F",
        "a\tb|a%09b",
        "😀|%F0%9F%98%80"
      })
  void messagesOfGrpcArePercentEncoded(String text, String header) {
    assertThat(GrpcMessageHeader.encode(text)).isEqualTo(header);
    assertThat(GrpcMessageHeader.decode(header)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"%, %", "%4, %4", "%zz, %zz", "a%, a%", "%41%, A%", "%4x%41, %4xA"})
  void badEscapesInMessagesStay(String header, String text) {
    assertThat(GrpcMessageHeader.decode(header)).isEqualTo(text);
  }

  /** Some servers send UTF-8 as it is: a header value holds a byte in each character. */
  @Test
  void bytesAboveAsciiInMessagesAreUtf8() {
    String raw =
        new String("ünï %41".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    assertThat(GrpcMessageHeader.decode(raw)).isEqualTo("ünï A");
    assertThat(GrpcMessageHeader.decode("日")).isEqualTo("日");
  }

  private static String body(byte @Nullable [] details, String message) {
    ServiceCatalog catalog = ServiceCatalog.of(List.of(ShopProto.getDescriptor().toProto()));
    JsonCodec codec = JsonCodec.of(SchemaTypes.of(catalog.typeFiles()));
    return new String(
        ErrorBody.json(GrpcStatusCode.NOT_FOUND, message, details, codec), StandardCharsets.UTF_8);
  }
}
