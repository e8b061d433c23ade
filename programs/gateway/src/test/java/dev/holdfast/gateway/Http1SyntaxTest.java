package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Requests over HTTP/1.1 that servers read differently. Each is refused with the right status, and
 * nothing behind it on the connection is taken for a request.
 */
class Http1SyntaxTest {
  private static final String SMUGGLED = "GET /v1/hello/smuggled HTTP/1.1\r\nhost: x\r\n\r\n";

  /** Status, and a request with ~ for CRLF, _ for LF, and ^ before control characters. */
  private static final String REQUESTS =
      """
      400|G(T /v1/hello/x HTTP/1.1~host: x~~
      400|GET /v1/hello/x HTTP/1.1~~
      400|GET /v1/hello/x HTTP/1.1~host: x~host: x~~
      400|GET /v1/hello/x HTTP/1.1~host: x y~~
      400|GET /v1/hello/x HTTP/1.1~host: evil@x~~
      400|GET /v1/hello/x HTTP/1.1~host: x/y~~
      400|GET /v1/hello/x HTTP/1.1~host: x:99999~~
      400|GET http://y/v1/hello/x HTTP/1.1~host: evil@x~~
      400|GET http://y/v1/hello/x HTTP/1.1~~
      400|GET /v1/hello/x HTTP/1.0~host: x~host: y~~
      400|GET /v1/hello/x y HTTP/1.1~host: x~~
      400|GET /v1/hello/x~~
      505|GET /v1/hello/x HTTP/2.0~host: x~~
      505|GET /v1/hello/x HTTP/1.2~host: x~~
      501|CONNECT x:443 HTTP/1.1~host: x~~
      501|CONNECT /v1/hello/x HTTP/1.1~host: x~~
      501|POST /v1/hello HTTP/1.1~host: x~transfer-encoding: gzip, chunked~~0~~
      501|POST /v1/hello HTTP/1.1~host: x~transfer-encoding: gzip~transfer-encoding: chunked~~0~~
      400|POST /v1/hello HTTP/1.1~host: x~transfer-encoding: gzip~~
      400|POST /v1/hello HTTP/1.1~host: x~transfer-encoding: identity~~
      400|POST /v1/hello HTTP/1.1~host: x~transfer-encoding: chunked, chunked~~0~~
      400|POST /v1/hello HTTP/1.1~host: x~transfer-encoding: chunked, identity~~0~~
      400|POST /v1/hello HTTP/1.1~host: x~transfer-encoding: xchunked~~0~~
      400|POST /v1/hello HTTP/1.1~host: x~transfer-encoding: chunked~content-length: 5~~0~~
      400|POST /v1/hello HTTP/1.1~host: x~content-length: 5~transfer-encoding: chunked~~0~~
      400|POST /v1/hello HTTP/1.0~host: x~transfer-encoding: chunked~~0~~
      400|POST /v1/hello HTTP/1.1~host: x~content-length: 5~content-length: 6~~
      400|POST /v1/hello HTTP/1.1~host: x~content-length: 5, 6~~
      400|POST /v1/hello HTTP/1.1~host: x~content-length: +5~~
      400|POST /v1/hello HTTP/1.1~host: x~content-length: -5~~
      400|POST /v1/hello HTTP/1.1~host: x~content-length: 0x5~~
      400|POST /v1/hello HTTP/1.1~host: x~content-length : 5~~
      400|POST /v1/hello HTTP/1.1~host: x~transfer-encoding : chunked~~0~~
      400|GET /v1/hello/x HTTP/1.1~host: x~x-note: a^Ab~~
      400|GET /v1/hello/x HTTP/1.1~host: x~x-note: a^@b~~
      400|GET /v1/hello/x HTTP/1.1~host: x~x note: a~~
      400|GET /v1/hello/x HTTP/1.1~host: x~: a~~
      400|GET /v1/hello/x HTTP/1.1~host: x~x-note~~
      400|GET /v1/hello/x HTTP/1.1_host: x__
      400|GET /v1/hello/x HTTP/1.1~host: x_x-note: y~~
      400|GET /v1/hello/x HTTP/1.1~host: x~x-note: a^Mb~~
      """;

  private final FrontendRig frontends;

  Http1SyntaxTest() throws IOException {
    frontends = new FrontendRig();
  }

  @AfterEach
  void close() {
    frontends.close();
  }

  static Stream<Arguments> requests() {
    return REQUESTS
        .lines()
        .map(line -> line.split("\\|", 2))
        .map(line -> Arguments.of(Integer.parseInt(line[0]), line[1]));
  }

  @ParameterizedTest
  @MethodSource("requests")
  void refusesAndReadsNoFurther(int status, String request) throws Exception {
    String bytes =
        request
            .replace("~", "\r\n")
            .replace('_', '\n')
            .replace("^A", "\u0001")
            .replace("^@", "\u0000")
            .replace("^M", "\r");
    String answers = frontends.raw(bytes + SMUGGLED);
    assertThat(answers).startsWith("HTTP/1.1 " + status + " ");
    assertThat(answers.indexOf("\nHTTP/1.1 ")).as(answers).isNegative();
    assertThat(frontends.greetings.calls).hasValue(0);
  }

  @Test
  void whatTheStandardsLetPassIsTaken() throws Exception {
    String last = "connection: close~~";
    for (String request :
        new String[] {
          "GET /v1/hello/x HTTP/1.1~host:~" + last,
          "GET /v1/hello/x HTTP/1.1~host: [::1]:80~" + last,
          "GET /v1/hello/x HTTP/1.0~~",
          "GET /v1/hello/x HTTP/1.1~host:\t x \t~x-note:  a  ~" + last,
          "~GET http://x/v1/hello/x HTTP/1.1~host: y~" + last,
          "POST /v1/hello HTTP/1.1~host: x~content-type: application/json~"
              + "transfer-encoding: Chunked~"
              + last
              + "c~{\"name\":\"x\"}~0~~"
        }) {
      assertThat(frontends.raw(request.replace("~", "\r\n")))
          .as(request)
          .startsWith("HTTP/1.1 200 ")
          .contains("hello x");
    }
  }
}
