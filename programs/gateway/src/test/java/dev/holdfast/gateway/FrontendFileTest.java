package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.schema.ServiceSchema;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a gateway's file says of clients that don't speak gRPC counts for the next request. */
class FrontendFileTest {
  private static final String CLUSTER = "clusters: {greet: {endpoints: [ENDPOINT]}}\n";
  private static final String SHOP = "https://shop.example";
  private FileRig file;

  @BeforeEach
  void open() throws Exception {
    ServiceSchema schema =
        new ServiceSchema(
            Set.of("test.greet.Greeter"), Optional.of(FrontendRig.TRANSCODER), "hash", "");
    file =
        new FileRig(
            Path.of(""), (cluster, endpoint) -> CompletableFuture.completedFuture(schema), CLUSTER);
    await()
        .atMost(Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS))
        .until(() -> file.get("/v1/hello/x").statusCode() == 200);
  }

  @AfterEach
  void close() {
    file.close();
  }

  @Test
  void pagesMayCallFromTheOriginsOfTheFileAndNoOthers() throws Exception {
    assertThat(allowed(question(SHOP))).isEmpty();

    file.use(
        CLUSTER
            + "cors: {origins: [https://shop.example, 'https://*.shop.example:8443'],"
            + " methods: [GET, POST], headers: [content-type, X-Tenant], expose: [x-colour],"
            + " credentials: true, max-age: 1m}\n");

    HttpResponse<String> leave = question(SHOP);
    assertThat(leave.statusCode()).isEqualTo(204);
    assertThat(allowed(leave)).contains(SHOP);
    assertThat(leave.headers().firstValue("access-control-allow-methods")).contains("GET, POST");
    assertThat(leave.headers().firstValue("access-control-allow-headers"))
        .contains("content-type, x-tenant");
    assertThat(leave.headers().firstValue("access-control-max-age")).contains("60");
    assertThat(leave.headers().firstValue("access-control-allow-credentials")).contains("true");
    assertThat(leave.headers().firstValue("vary").orElseThrow()).contains("origin");
    assertThat(allowed(question("https://a.b.shop.example:8443"))).isPresent();
    for (String origin :
        new String[] {
          "http://shop.example",
          "https://shop.example.evil",
          "https://evilshop.example",
          "https://a.shop.example",
          "https://.shop.example:8443",
          "https://evil/.shop.example:8443",
          "null"
        }) {
      HttpResponse<String> refused = question(origin);
      assertThat(allowed(refused)).as(origin).isEmpty();
      assertThat(refused.headers().firstValue("access-control-allow-methods")).isEmpty();
      assertThat(refused.headers().firstValue("vary")).isPresent();
    }

    HttpResponse<String> answer = file.get("/v1/hello/x", "origin", SHOP);
    assertThat(allowed(answer)).contains(SHOP);
    assertThat(answer.headers().firstValue("access-control-expose-headers"))
        .contains("grpc-status, grpc-message, grpc-status-details-bin, x-colour");

    file.use(CLUSTER + "cors: {origins: ['*']}\n");
    assertThat(allowed(file.get("/v1/hello/x", "origin", "https://any.example"))).contains("*");
    assertThat(question(SHOP).headers().firstValue("access-control-allow-headers"))
        .contains("x-asked");
  }

  @Test
  void aRouteMayHavePagesOfItsOwn() throws Exception {
    String routes =
        """
        cors: {origins: ['https://all.example']}
        routes:
          - {path: /v1/**, cluster: greet}
          - path: /v1/hello/*
            cluster: greet
            cors: {origins: ['https://shop.example'], methods: [GET], max-age: 1m}
          - {path: /v1/hello/*, headers: {x-tester: {present: true}}, cluster: greet}
        """;
    file.use(CLUSTER + routes);

    HttpResponse<String> leave = question(SHOP);
    assertThat(allowed(leave)).contains(SHOP);
    assertThat(leave.headers().firstValue("access-control-allow-methods")).contains("GET");
    assertThat(leave.headers().firstValue("access-control-max-age")).contains("60");
    assertThat(allowed(question("https://all.example"))).isEmpty();
    assertThat(allowed(question("https://all.example", "/v1/other"))).isPresent();
    assertThat(allowed(question(SHOP, "/v1/other"))).isEmpty();
    assertThat(allowed(question("https://all.example", "/elsewhere"))).isPresent();

    assertThat(allowed(file.get("/v1/hello/x", "origin", SHOP))).contains(SHOP);
    // What the question was told holds for the request, whatever headers it brings.
    assertThat(allowed(file.get("/v1/hello/x", "origin", SHOP, "x-tester", "1"))).contains(SHOP);
    assertThat(allowed(file.get("/v1/hello/x", "origin", "https://all.example"))).isEmpty();

    // A form sends this without a question; no method has it.
    assertThat(greet(SHOP).statusCode()).isEqualTo(405);
    assertThat(greet("https://all.example").statusCode()).isEqualTo(403);

    file.use(CLUSTER + routes.replace("shop.example", "all.example"));
    assertThat(allowed(question(SHOP))).isEmpty();
    assertThat(allowed(question("https://all.example"))).isPresent();
  }

  @Test
  void aFrontendThatIsSwitchedOffSaysSo() throws Exception {
    file.use(CLUSTER + "faces: {json: false, grpc-web: false}\n");

    HttpResponse<String> json = file.get("/v1/hello/x");
    assertThat(json.statusCode()).isEqualTo(404);
    assertThat(json.body())
        .contains("HTTP/JSON is not served here (expected: gRPC, Connect, WebSocket)");
    HttpResponse<String> web =
        file.post("/test.greet.Greeter/SayHello", "", "content-type", "application/grpc-web");
    assertThat(web.statusCode()).isEqualTo(415);
    assertThat(connect().statusCode()).isEqualTo(200);

    file.use(CLUSTER + "faces: {connect: false}\n");
    assertThat(connect().statusCode()).isEqualTo(415);
    assertThat(file.get("/v1/hello/x").statusCode()).isEqualTo(200);
  }

  @Test
  void gRpcWebToAMethodWithoutARouteIsUnimplementedInGrpcWeb() throws Exception {
    file.use(CLUSTER + "routes:\n  - {path: /test.greet.Greeter/*, cluster: greet}\n");
    for (String type : List.of("application/grpc-web+proto", "application/grpc-web-text+proto")) {
      HttpResponse<String> web = file.post("/test.greet.No/Say", "", "content-type", type);
      assertThat(web.statusCode()).isEqualTo(200);
      assertThat(web.headers().firstValue("content-type")).contains(type);
      assertThat(web.headers().firstValue("grpc-status")).contains("12");
      assertThat(web.headers().firstValue("grpc-message").orElseThrow())
          .startsWith("gateway: no route for /test.greet.No/Say");
    }
  }

  @Test
  void jsonLooksAsTheFileSays() throws Exception {
    assertThat(file.get("/v1/hello/x?utm=1").statusCode()).isEqualTo(400);
    assertThat(collect("{\"name\":\"a\",\"colour\":1}").statusCode()).isEqualTo(400);

    file.use(
        CLUSTER
            + "json: {ignore-parameters: [utm], plus-is-space: true, ignore-unknown: true,"
            + " print-defaults: true}\n");

    assertThat(file.get("/v1/hello/x?utm=1").statusCode()).isEqualTo(200);
    assertThat(file.get("/v1/hello/x?utn=1").statusCode()).isEqualTo(400);
    assertThat(collect("{\"name\":\"a\",\"colour\":1}").statusCode()).isEqualTo(200);
    assertThat(collect("").body()).isEqualTo("{\"text\":\"\",\"number\":\"0\"}");
  }

  @Test
  void whatIsServedIsDescribedWhereTheFileAsksForIt() throws Exception {
    assertThat(file.get("/openapi.json").statusCode()).isEqualTo(404);

    file.use(CLUSTER + "faces: {openapi: true}\n");
    HttpResponse<String> document = file.get("/openapi.json", "origin", SHOP);
    assertThat(document.statusCode()).isEqualTo(200);
    assertThat(document.headers().firstValue("content-type")).contains("application/json");
    assertThat(document.body())
        .startsWith("{\"openapi\":\"3.1.0\"")
        .contains("\"/v1/hello/{name}:many\"", "\"/test.greet.Greeter/SayHello\"")
        .doesNotContain("x-holdfast-omitted");
    HttpResponse<String> head = file.send("HEAD", "/openapi.json", "");
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();

    String sameMethods =
        """
        clusters: {greet: {endpoints: [ENDPOINT]}, other: {endpoints: [ENDPOINT]}}
        routes: [{path: /test.greet.Greeter/*, split: {greet: 50%, other: 50%}}]
        """;
    file.use(sameMethods + "faces: {openapi: true}\n");
    await()
        .atMost(Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS))
        .until(() -> file.get("/v1/hello/x").statusCode() == 400);
    assertThat(file.get("/openapi.json").body())
        .contains("\"/test.greet.Greeter/SayHello\"", "its path is served by greet and other")
        .doesNotContain("\"/v1/hello/{name}\"", "leads to");

    file.use(CLUSTER + "faces: {openapi: true, json: false}\n");
    assertThat(file.get("/openapi.json").statusCode()).isEqualTo(404);
  }

  private HttpResponse<String> question(String origin) throws Exception {
    return question(origin, "/v1/hello/x");
  }

  private HttpResponse<String> question(String origin, String path) throws Exception {
    return file.send(
        "OPTIONS",
        path,
        "",
        "origin",
        origin,
        "access-control-request-method",
        "POST",
        "access-control-request-headers",
        "x-asked");
  }

  private HttpResponse<String> greet(String origin) throws Exception {
    return file.post("/v1/hello/x", "{}", "origin", origin);
  }

  private static Optional<String> allowed(HttpResponse<String> answer) {
    return answer.headers().firstValue("access-control-allow-origin");
  }

  private HttpResponse<String> connect() throws Exception {
    return file.post(
        "/test.greet.Greeter/SayHello",
        "{}",
        "content-type",
        "application/json",
        "connect-protocol-version",
        "1");
  }

  private HttpResponse<String> collect(String body) throws Exception {
    return file.post("/v1/collect", body, "content-type", "application/x-ndjson");
  }
}
