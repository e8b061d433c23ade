package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.BadUpstreamTest.Bad;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Malformed answers of upstreams, as clients hear of them that speak no gRPC: never UNAVAILABLE,
 * after which a client calls again. {@link BadUpstreamTest} has them over gRPC.
 */
class BadUpstreamFrontendsTest {
  private static final String SAY_HELLO = "/test.greet.Greeter/SayHello";
  private static final byte[] MESSAGE = {0, 0, 0, 0, 0};

  /** A protocol, and how it says a status. */
  enum Protocol {
    JSON("/v1/hello/x", "") {
      @Override
      boolean says(HttpResponse<byte[]> answer, String status, int number) {
        return answer.statusCode() == 500 && text(answer).contains("\"code\": " + number);
      }
    },
    GRPC_WEB(SAY_HELLO, "application/grpc-web+proto") {
      @Override
      boolean says(HttpResponse<byte[]> answer, String status, int number) {
        return (trailers(answer) + text(answer)).contains("grpc-status: " + number);
      }
    },
    CONNECT(SAY_HELLO, "application/proto") {
      @Override
      boolean says(HttpResponse<byte[]> answer, String status, int number) {
        return answer.statusCode() == 500 && text(answer).contains('"' + status + '"');
      }
    };

    private final String path;
    private final String type;

    Protocol(String path, String type) {
      this.path = path;
      this.type = type;
    }

    abstract boolean says(HttpResponse<byte[]> answer, String status, int number);

    HttpRequest request(int port) {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
              .timeout(Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS));
      byte[] body = this == GRPC_WEB ? MESSAGE : new byte[0];
      return type.isEmpty()
          ? request.build()
          : request.header("content-type", type).POST(BodyPublishers.ofByteArray(body)).build();
    }

    private static String trailers(HttpResponse<byte[]> answer) {
      return "grpc-status: " + answer.headers().firstValue("grpc-status").orElse("none") + "\n";
    }
  }

  static Stream<Arguments> malformed() {
    return Arrays.stream(Bad.values())
        .filter(bad -> bad.status == 13 || bad.status == 2)
        .flatMap(bad -> Arrays.stream(Protocol.values()).map(each -> Arguments.of(bad, each)));
  }

  @ParameterizedTest
  @MethodSource
  void malformed(Bad bad, Protocol protocol) throws Exception {
    try (RawServer server = new RawServer(bad.scriptedServer);
        GatewayRig rig = new GatewayRig()) {
      Gateway gateway = FrontendRig.open(rig, FrontendRig.KNOWN, server.address());
      HttpResponse<byte[]> answer =
          HttpClient.newHttpClient()
              .send(protocol.request(gateway.address().getPort()), BodyHandlers.ofByteArray());
      // What is no message of the schema, either, is INTERNAL in JSON.
      boolean internal = protocol.says(answer, "internal", 13);
      assertThat(bad.status == 2 ? internal || protocol.says(answer, "unknown", 2) : internal)
          .as("%s %s %s", answer.statusCode(), answer.headers().map(), text(answer))
          .isTrue();
    }
  }

  private static String text(HttpResponse<byte[]> answer) {
    return new String(answer.body(), StandardCharsets.UTF_8).replace(": ", ":").replace(":", ": ");
  }
}
