package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.frontend.HttpFrontend;
import dev.holdfast.gateway.greet.HelloReply;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Upstreams that compress the messages of translated calls, though the gateway did not ask. */
class UnrequestedCompressionTest {
  private static final String HELLO = "/test.greet.Greeter/SayHello";
  private static final int BOMB_BYTES = 5_000_000;
  private static final byte[] GREETING = reply("hello gzip");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/json",
        "application/proto",
        "application/grpc-web+proto",
        "application/grpc-web-text"
      })
  void isInflatedForWhoeverAsks(String type) throws Exception {
    byte[] body = ask(type, HELLO, "gzip", frame(1, gzip(GREETING))).body();
    boolean text = type.endsWith("text");
    byte[] plain = text ? Base64.getMimeDecoder().decode(firstBase64(body)) : body;
    assertThat(new String(plain, StandardCharsets.UTF_8)).contains("hello gzip");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 40})
  void everyMessageOfAStreamSaysForItself(int times) throws Exception {
    byte[] large = reply("large " + "x".repeat(100_000));
    ByteArrayOutputStream messages = new ByteArrayOutputStream();
    for (int i = 0; i < times; i++) {
      messages.writeBytes(frame(1, gzip(GREETING)));
      messages.writeBytes(frame(0, GREETING));
      messages.writeBytes(frame(1, gzip(large)));
    }
    HttpResponse<byte[]> answer =
        ask("", "/v1/hello/x:many?count=1", "gzip", messages.toByteArray());
    String lines = new String(answer.body(), StandardCharsets.UTF_8);
    assertThat(lines.split("hello gzip", -1)).hasSize(2 * times + 1);
    assertThat(lines.split("large xxx", -1)).hasSize(times + 1);
    assertThat(lines).doesNotContain("error");
  }

  /** Too much, what is no gzip, and a flag without a coding or with another. */
  @ParameterizedTest
  @CsvSource({"BOMB, gzip, 429", "GARBAGE, gzip, 500", "GOOD, '', 500", "GOOD, br, 500"})
  void whatCanNotBeInflatedFails(String what, String coding, int status) throws Exception {
    byte[] bytes =
        switch (what) {
          case "BOMB" -> gzip(new byte[BOMB_BYTES]);
          case "GARBAGE" -> GREETING;
          default -> gzip(GREETING);
        };
    assertThat(ask("", "/v1/hello/x", coding, frame(1, bytes)).statusCode()).isEqualTo(status);
  }

  private static HttpResponse<byte[]> ask(String type, String path, String coding, byte[] messages)
      throws Exception {
    Http2Headers head = RawPeer.head();
    if (!coding.isEmpty()) {
      head.add("grpc-encoding", coding);
    }
    try (GatewayRig rig = new GatewayRig().frontend(HttpFrontend.of(FrontendRig.KNOWN))) {
      RawPeer.Upstream upstream =
          rig.closing(
              RawPeer.listen(
                  new Http2Settings(),
                  (peer, request) -> {
                    peer.headers(request.stream(), head, false);
                    peer.data(request.stream(), messages, false);
                    peer.headers(request.stream(), RawPeer.trailers(0), true);
                  }));
      int port = rig.gateway(upstream.address()).address().getPort();
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
      if (!type.isEmpty()) {
        byte[] body =
            switch (type) {
              case "application/json" -> new byte[] {'{', '}'};
              case "application/grpc-web+proto" -> frame(0, new byte[0]);
              case "application/grpc-web-text" -> Base64.getEncoder().encode(frame(0, new byte[0]));
              default -> new byte[0];
            };
        request.header("content-type", type).POST(BodyPublishers.ofByteArray(body));
      } else if (path.contains("many")) {
        request.header("accept", "application/x-ndjson");
      }
      return HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofByteArray());
    }
  }

  /** Each frame is padded by itself. */
  private static byte[] firstBase64(byte[] body) {
    String text = new String(body, StandardCharsets.US_ASCII);
    int end = text.indexOf('=');
    int whole = end < 0 ? text.length() : (end + 3) / 4 * 4;
    return text.substring(0, whole).getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] reply(String text) {
    return HelloReply.newBuilder().setText(text).build().toByteArray();
  }

  private static byte[] frame(int flag, byte[] message) {
    return ByteBuffer.allocate(5 + message.length)
        .put((byte) flag)
        .putInt(message.length)
        .put(message)
        .array();
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }
}
