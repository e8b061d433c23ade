package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cors.CorsPolicy;
import dev.holdfast.gateway.frontend.FrontendOptions;
import dev.holdfast.gateway.frontend.HttpFrontend;
import dev.holdfast.gateway.greet.HelloRequest;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.route.AuthorityPattern;
import dev.holdfast.gateway.route.PathPattern;
import dev.holdfast.gateway.route.RouteMatch;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.gateway.route.RouteRule;
import dev.holdfast.gateway.route.RouteTable;
import dev.holdfast.gateway.route.RouteTarget;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Request targets that no usual client sends. Whatever they are, no connection faults, the status
 * is the right one, and no spelling of a path gets past the route that is meant for it.
 */
class OddTargetsTest {
  private static final String METHOD = "/test.greet.Greeter/SayHello";
  private static final String PAGE = "https://strict.example";

  private final GatewayRig rig = new GatewayRig();
  private final Greetings strict = new Greetings();
  private final Greetings lax = new Greetings();
  private final AtomicReference<FrontendOptions> terms =
      new AtomicReference<>(FrontendOptions.DEFAULT);
  private final Gateway gateway;

  OddTargetsTest() throws IOException {
    List<RouteRule> rules =
        List.of(
            rule("*", "/test.greet.Greeter/*", "strict"),
            rule("*", "/v1/hello/{name}", "strict"),
            rule("strict.test", "/**", "strict"),
            rule("*", "/**", "lax"));
    Map<String, Cluster> clusters =
        Map.of("strict", cluster("strict", strict), "lax", cluster("lax", lax));
    gateway =
        rig.frontend(HttpFrontend.of(FrontendRig.KNOWN).following(terms::get))
            .gateway(
                new GatewaySnapshot(
                    new RouteTable(rules, size -> 0), clusters, GatewayLimits.DEFAULT));
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        METHOD,
        "/test.greet.Gr%65eter/SayHello",
        "/test.greet.Greeter/%53ayHello",
        "/test%2egreet.Greeter/SayHello"
      })
  void everySpellingOfAMethodMeetsItsRoute(String path) throws Exception {
    String json = "{\"name\":\"x\"}";
    assertThat(http1("POST", path, json, "content-type: application/json")).contains("hello x");
    assertThat(
            http1(
                "POST",
                path,
                json,
                "content-type: application/json",
                "connect-protocol-version: 1"))
        .contains("hello x");
    assertThat(
            http1("GET", path + "?connect=v1&encoding=json&message=%7B%22name%22:%22x%22%7D", ""))
        .contains("hello x");
    assertThat(http1("POST", path, message(), "content-type: application/grpc-web+proto"))
        .contains("hello x");
    RawPeer client = rig.client(gateway);
    client.headers(3, call(path), false);
    client.data(3, message().getBytes(StandardCharsets.ISO_8859_1), true);
    assertThat(client.next("HEADERS").header(":status")).isEqualTo("200");
    assertThat(client.next("DATA").text()).contains("hello x");
    client.headers(5, head("POST", path), false);
    client.data(5, json.getBytes(StandardCharsets.US_ASCII), true);
    assertThat(client.next("DATA").text()).contains("hello x");
    try (RawSocket socket = RawSocket.ask(socket(), path)) {
      socket.text(json);
      assertThat(socket.next()).contains("hello x");
    }
    assertThat(lax.calls).hasValue(0);
    assertThat(strict.calls).hasValue(7);
    assertThat(preflight(path)).contains("access-control-allow-origin: " + PAGE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v1/hello/x", "/v1/h%65llo/x", "/%761/hello/%78", "/v1/hello/x%2Fy"})
  void everySpellingOfAnAnnotatedPathMeetsItsRoute(String path) throws Exception {
    assertThat(http1("GET", path, "")).startsWith("HTTP/1.1 200").contains("hello x");
    RawPeer client = rig.client(gateway);
    client.headers(3, head("GET", path), true);
    assertThat(client.next("HEADERS").header(":status")).isEqualTo("200");
    assertThat(lax.calls).hasValue(0);
    assertThat(preflight(path)).contains("access-control-allow-origin: " + PAGE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "?connect=v1",
        "?",
        "*",
        "x",
        "x:443",
        "//%zz",
        "/%",
        "/%00",
        "/test.greet.Greeter/../v1/hello/x",
        "/v1/hello/%2e%2E/x",
        "/v1/./hello/x",
        "/v1\\hello/x",
        "/v1/hello/x#y",
        "/v1/hello/\u0001",
        "/v1/hello/\u0000",
        "/v1/hello/\u007f",
        "ftp://x/v1/hello/x",
        "http:///v1/hello/x",
        "http://evil@x/v1/hello/x",
        "http://x y/v1/hello/x",
        "http://x/../y"
      })
  void whatIsNoTargetIsRefused(String target) throws Exception {
    assertThat(http1("GET", target, "")).startsWith("HTTP/1.1 400 ");
    assertThat(http1("POST", target, message(), "content-type: application/grpc-web+proto"))
        .doesNotStartWith("HTTP/1.1 5")
        .doesNotContain("hello x");
    assertThat(http1("POST", target, "{}", "content-type: application/proto"))
        .startsWith("HTTP/1.1 400 ");
    RawPeer client = rig.client(gateway);
    client.headers(3, head("GET", target), true);
    assertThat(answer(client, 3).header(":status")).isEqualTo("400");
    client.headers(5, call(target), true);
    // UNIMPLEMENTED where only the path is none of a method, INTERNAL for a malformed request, 400
    // where the fault stands before anything says that it is gRPC.
    RawPeer.Frame refused = answer(client, 5);
    assertThat(refused.header("grpc-status") + refused.header(":status"))
        .isIn("12200", "13200", "400");
    // The connection is as good as before.
    client.headers(7, head("GET", "/v1/hello/z"), true);
    assertThat(answer(client, 7).header(":status")).isEqualTo("200");
    assertThat(lax.calls).hasValue(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/test.greet.Greeter%2FSayHello", "/test.greet.Greeter%5cSayHello"})
  void noServerIsLeftToDecodeAMethod(String path) throws Exception {
    assertThat(http1("POST", path, "{}", "content-type: application/json"))
        .startsWith("HTTP/1.1 404 ");
    // A server that does not know the path says nearly the same: it must not be asked.
    String refusal = "(expected: /package.Service/Method)";
    assertThat(http1("POST", path, message(), "content-type: application/grpc-web+proto"))
        .containsIgnoringCase("grpc-status: 12")
        .contains(refusal);
    assertThat(http1("POST", path, "", "content-type: application/proto"))
        .startsWith("HTTP/1.1 404 ")
        .contains(refusal);
    RawPeer client = rig.client(gateway);
    client.headers(3, call(path), true);
    RawPeer.Frame refused = client.next("HEADERS");
    assertThat(refused.header("grpc-status")).isEqualTo("12");
    assertThat(refused.header("grpc-message")).contains(refusal);
    assertThat(lax.calls).hasValue(0);
  }

  @Test
  void anEscapedSlashIsOneForRoutesAndTemplatesWhereTheFileSaysSo() throws Exception {
    String path = "/v1%2Fhello%2fx";
    assertThat(http1("GET", path, "")).startsWith("HTTP/1.1 404 ");
    terms.set(FrontendOptions.DEFAULT.withDecodesSlashes(true));
    assertThat(http1("GET", path, "")).startsWith("HTTP/1.1 200").contains("hello x");
    RawPeer client = rig.client(gateway);
    client.headers(3, head("GET", path), true);
    assertThat(client.next("HEADERS").header(":status")).isEqualTo("200");
    String method = "/test.greet.Greeter%2FSayHello";
    assertThat(http1("POST", method, "{}", "content-type: application/json")).contains("hello");
    assertThat(preflight(method)).contains("access-control-allow-origin: " + PAGE);
    assertThat(preflight("/v1%2Fhello%2Fx")).contains("access-control-allow-origin: " + PAGE);
    // In one segment it is a part of it.
    assertThat(http1("GET", "/v1/hello/x%2Fy", "")).contains("hello x/y");
    assertThat(strict.calls).hasValue(4);
    assertThat(lax.calls).hasValue(0);
    // Dot segments are none of a path, and gRPC has no escapes.
    assertThat(http1("GET", "/v1/hello%2F..%2Fx", "")).startsWith("HTTP/1.1 400 ");
    client.headers(5, call(method), true);
    assertThat(answer(client, 5).header("grpc-status")).isEqualTo("12");
  }

  @Test
  void theServerItselfMayBeAskedForItsOptions() throws Exception {
    assertThat(http1("OPTIONS", "*", "")).startsWith("HTTP/1.1 204 ");
    assertThat(http1("OPTIONS", "http://x", "")).startsWith("HTTP/1.1 204 ");
    RawPeer client = rig.client(gateway);
    client.headers(3, head("OPTIONS", "*"), true);
    assertThat(client.next("HEADERS").header(":status")).isEqualTo("204");
  }

  @Test
  void theAuthorityOfAnAbsoluteTargetWins() throws Exception {
    String body = "{\"name\":\"x\"}";
    String type = "content-type: application/json";
    assertThat(http1("POST", "http://strict.test/v1/hello", body, type)).contains("hello x");
    assertThat(strict.calls).hasValue(1);
    String request =
        FrontendRig.lines(
            "POST http://other.test:80/v1/hello HTTP/1.1",
            "host: strict.test",
            "connection: close",
            type,
            "content-length: " + body.length());
    assertThat(raw(request + body)).contains("hello x");
    assertThat(lax.calls).hasValue(1);
    assertThat(http1("GET", "http://strict.test?x", "")).startsWith("HTTP/1.1 404 ");
  }

  /** The headers of an answer; a stream of a malformed request is reset behind its own. */
  private static RawPeer.Frame answer(RawPeer client, int stream) throws InterruptedException {
    RawPeer.Frame frame = client.next("HEADERS", "RST_STREAM", "GOAWAY");
    while (frame.type().equals("RST_STREAM") && frame.stream() < stream) {
      frame = client.next("HEADERS", "RST_STREAM", "GOAWAY");
    }
    assertThat(frame.type()).isEqualTo("HEADERS");
    assertThat(frame.stream()).isEqualTo(stream);
    return frame;
  }

  private String preflight(String path) throws IOException {
    return http1("OPTIONS", path, "", "origin: " + PAGE, "access-control-request-method: GET");
  }

  /** The answer to a request of one connection; characters stand for bytes. */
  private String http1(String method, String target, String body, String... fields)
      throws IOException {
    StringBuilder head = new StringBuilder();
    head.append(method).append(' ').append(target).append(" HTTP/1.1\r\nhost: any.test\r\n");
    for (String field : fields) {
      head.append(field).append("\r\n");
    }
    head.append("connection: close\r\ncontent-length: ").append(body.length()).append("\r\n\r\n");
    return raw(head + body);
  }

  private String raw(String request) throws IOException {
    try (Socket socket = socket()) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  private Socket socket() throws IOException {
    Socket socket = new Socket(gateway.address().getAddress(), gateway.address().getPort());
    socket.setSoTimeout((int) (1_000 * GatewayRig.PATIENCE_SECONDS));
    return socket;
  }

  private static Http2Headers head(String method, String path) {
    return new DefaultHttp2Headers(false)
        .method(method)
        .scheme("http")
        .authority("any.test")
        .path(path)
        .add("content-type", "application/json");
  }

  private static Http2Headers call(String path) {
    return head("POST", path).set("content-type", "application/grpc").add("te", "trailers");
  }

  /** A message of gRPC; characters stand for bytes. */
  private static String message() {
    ByteString message = HelloRequest.newBuilder().setName("x").build().toByteString();
    ByteArrayOutputStream framed = new ByteArrayOutputStream();
    framed.writeBytes(new byte[] {0, 0, 0, 0, (byte) message.size()});
    framed.writeBytes(message.toByteArray());
    return framed.toString(StandardCharsets.ISO_8859_1);
  }

  private Cluster cluster(String name, Greetings greetings) throws IOException {
    EndpointSet set = EndpointSet.of(List.of(Endpoint.of(rig.serve(greetings))));
    return Cluster.fixed(name, set, GatewayRig.PATIENT);
  }

  private static RouteRule rule(String authority, String path, String cluster) {
    RouteMatch match =
        new RouteMatch(
            AuthorityPattern.parse("authority", authority),
            PathPattern.parse("path", path),
            List.of());
    RouteOptions options =
        cluster.equals("strict")
            ? RouteOptions.DEFAULT.withCors(CorsPolicy.of(PAGE))
            : RouteOptions.DEFAULT;
    return new RouteRule(authority + path, match, RouteTarget.to(cluster), options);
  }
}
