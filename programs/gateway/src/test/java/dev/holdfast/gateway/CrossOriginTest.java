package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http2.Http2Headers;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What browsers let a page of any origin send without asking is not carried out. */
class CrossOriginTest {
  private static final String EVIL = "https://evil.example";
  private static final String SHOP = "https://shop.example";
  private static final String BY_NAME = "/test.greet.Greeter/SayHello";

  private final FrontendRig frontends = new FrontendRig();

  CrossOriginTest() throws IOException {}

  @AfterEach
  void close() {
    frontends.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x-type: none",
        "content-type: text/plain",
        "content-type: application/json",
        "content-type: application/x-ndjson",
        "content-type: application/grpc-web+proto",
        "content-type: application/grpc-web-text",
        "content-type: application/proto",
        "content-type: application/connect+json",
        "content-type: application/json\r\nconnect-protocol-version: 1",
      })
  void whoeverTheyAreToReadItTheyMayNotSendIt(String type) throws Exception {
    for (String origin : new String[] {EVIL, "null", "http://x:81"}) {
      assertThat(post(BY_NAME, "{\"name\":\"a\"}", "origin: " + origin, type))
          .startsWith("HTTP/1.1 403 ")
          .contains("content-type: application/json")
          .contains(
              "{\"code\":7,\"message\":\"gateway: origin: "
                  + origin
                  + " (expected: that of x, or one of cors.origins)\"");
    }
    assertThat(frontends.greetings.calls).hasValue(0);
  }

  @Test
  void whatABodyWithoutTypeAsksForIsDoneForOwnAndKnownPagesAndForNoPage() throws Exception {
    for (String origin : new String[] {"origin: http://x", "origin: " + SHOP, "x-page: none"}) {
      assertThat(post(BY_NAME, "{\"name\":\"a\"}", origin))
          .as(origin)
          .startsWith("HTTP/1.1 200 ")
          .contains("hello a");
    }
    assertThat(frontends.greetings.calls).hasValue(3);
  }

  @Test
  void aPathThatIsNotThereTellsThemNothing() throws Exception {
    assertThat(post("/none.Such/Method", "", "origin: " + EVIL)).startsWith("HTTP/1.1 403 ");
  }

  @Test
  void overHttp2ItIsTheSame() throws Exception {
    RawPeer client = frontends.rig.client(frontends.gateway);
    String[] origins = {EVIL, "https://echo:81", "http://echo"};
    for (int i = 0; i < origins.length; i++) {
      Http2Headers head = RawPeer.call(BY_NAME).set("origin", origins[i]);
      head.remove("content-type");
      client.headers(2 * i + 3, head, false);
      client.data(2 * i + 3, "{}".getBytes(StandardCharsets.UTF_8), true);
      String status = origins[i].equals("http://echo") ? "200" : "403";
      Http2Headers answer = Objects.requireNonNull(client.next("HEADERS").headers());
      assertThat(answer.status()).as(origins[i]).hasToString(status);
    }
    assertThat(frontends.greetings.calls).hasValue(1);
  }

  @Test
  void theyMayStillGetWhatTheyCantRead() throws Exception {
    HttpResponse<String> answer = frontends.get("/v1/hello/a", "origin", EVIL);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("access-control-allow-origin")).isEmpty();
  }

  private String post(String path, String body, String... lines) throws IOException {
    String head = "POST " + path + " HTTP/1.1\r\nhost: x\r\nconnection: close\r\n";
    String length = "content-length: " + body.length();
    return frontends.raw(head + FrontendRig.lines(String.join("\r\n", lines), length) + body);
  }
}
