package dev.holdfast.transcoding.http.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import dev.holdfast.transcoding.http.HttpRequestHead;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "POST | application/proto | '' | UNARY proto application/proto",
        "POST | application/proto | 1 | UNARY proto application/proto",
        "POST | application/json | 1 | UNARY json application/json",
        "POST | application/json; charset=utf-8 | 1 | UNARY json application/json",
        "POST | application/json | '' | none",
        "POST | application/connect+proto | '' | STREAM proto application/connect+proto",
        "POST | Application/Connect+JSON | 1 | STREAM json application/connect+json",
        "POST | application/grpc | 1 | none",
        "POST | text/plain | 1 | none",
        "POST | '' | '' | none",
        "PUT | application/proto | 1 | none",
        "POST | application/connect+xml | 1 | 415",
        "POST | application/json | 2 | 400",
        "POST | application/connect+json | x | 400"
      })
  void readsTheHeadOfAPost(String method, String type, String version, String expected) {
    assertThat(read(method, "", type, version)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "connect=v1&encoding=json&message=%7B%7D | GET json application/json {}",
        "encoding=json&message={} | GET json application/json {}",
        "connect=v1&encoding=proto&base64=1&message=AQID_w | GET proto application/proto"
            + " \1\2\3\u00ff",
        "connect=v1&encoding=proto&base64=1&message=AQID_w%3D%3D | GET proto application/proto"
            + " \1\2\3\u00ff",
        "connect=v1&encoding=proto&base64=1&message=AQID/w== | GET proto application/proto"
            + " \1\2\3\u00ff",
        "connect=v1&encoding=json&base64=0&message=a+b | GET json application/json a+b",
        "connect=v1&encoding=json&message=&compression=gzip | GET json application/json gzip:",
        "connect=v1&encoding=json&message=&compression=identity | GET json application/json",
        "connect=v1&encoding=json&message=1&user=%zz | GET json application/json 1",
        "bookId=5 | none",
        "message=a | none",
        "connect=v2&encoding=json&message=a | 400",
        "connect=v1&message=a | 400",
        "connect=v1&encoding=xml&message=a | 400",
        "connect=v1&encoding=json | 400",
        "connect=v1&encoding=json&base64=2&message=a | 400",
        "connect=v1&encoding=json&base64=1&message=a | 400",
        "connect=v1&encoding=json&base64=1&message=a*bc | 400",
        "connect=v1&encoding=json&message=%f | 400",
        "connect=v1&encoding=json&message=a&message=b | 400"
      })
  void readsTheMessageOfAGet(String query, String expected) {
    assertThat(read("GET", query, "", "")).isEqualTo(expected);
  }

  @Test
  void readsTimeouts() {
    assertThat(ConnectRequest.timeoutMillis("")).isEmpty();
    assertThat(ConnectRequest.timeoutMillis("0")).hasValue(0);
    assertThat(ConnectRequest.timeoutMillis("9999999999")).hasValue(9_999_999_999L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "+1", "1.5", "1s", " 1", "12345678901", "١"})
  void refusesOtherTimeouts(String header) {
    assertThatThrownBy(() -> ConnectRequest.timeoutMillis(header))
        .isInstanceOf(RequestRefusedException.class)
        .hasMessage("connect-timeout-ms: '" + header + "' (expected: 1 to 10 digits)");
  }

  @Test
  void errorsAreJson() {
    Status status =
        Status.newBuilder()
            .addDetails(Any.pack(ErrorInfo.newBuilder().setReason("R").build()))
            .build();
    assertThat(text(ConnectErrors.json(GrpcStatusCode.CANCELLED, "a \"b\"", status.toByteArray())))
        .isEqualTo(
            "{\"code\":\"canceled\",\"message\":\"a \\\"b\\\"\",\"details\":["
                + "{\"type\":\"google.rpc.ErrorInfo\",\"value\":\"CgFS\"}]}");
    assertThat(text(ConnectErrors.json(GrpcStatusCode.UNAVAILABLE, "", new byte[] {1})))
        .isEqualTo("{\"code\":\"unavailable\"}");
  }

  @Test
  void streamsEndWithAnEnvelope() {
    byte[] good = ConnectErrors.endStream(null, List.of());
    assertThat(good).containsExactly(2, 0, 0, 0, 2, '{', '}');
    byte[] bad =
        ConnectErrors.endStream(
            ConnectErrors.json(GrpcStatusCode.NOT_FOUND, "m", null),
            List.of(Map.entry("A", "1"), Map.entry("b", "\""), Map.entry("a", "2")));
    assertThat(text(bad).substring(5))
        .isEqualTo(
            "{\"error\":{\"code\":\"not_found\",\"message\":\"m\"},"
                + "\"metadata\":{\"a\":[\"1\",\"2\"],\"b\":[\"\\\"\"]}}");
    assertThat(bad[4]).isEqualTo((byte) (bad.length - 5));
  }

  private static String read(String method, String query, String type, String version) {
    try {
      @Nullable ConnectRequest request =
          ConnectRequest.of(new HttpRequestHead(method, "/a.B/C", query, type, ""), version);
      if (request == null) {
        return "none";
      }
      String compression = request.compression().isEmpty() ? "" : request.compression() + ":";
      String message = new String(request.message(), StandardCharsets.ISO_8859_1);
      return "%s %s %s %s"
          .formatted(
              request.kind(), request.encoding(), request.contentType(), compression + message)
          .strip();
    } catch (RequestRefusedException e) {
      return String.valueOf(e.httpStatus());
    }
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
