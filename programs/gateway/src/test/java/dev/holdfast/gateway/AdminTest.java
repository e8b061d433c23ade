package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.testkit.RefusingPort;
import dev.holdfast.gateway.admin.AdminServer;
import dev.holdfast.gateway.admin.ConfigStatus;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.EndpointHealthStatus;
import dev.holdfast.gateway.cluster.OutlierOptions;
import dev.holdfast.gateway.config.GatewayConfig;
import dev.holdfast.gateway.listener.ListenerOptions;
import dev.holdfast.gateway.route.FallbackRouter;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.gateway.route.RouteTable;
import dev.holdfast.gateway.route.Router;
import dev.holdfast.gateway.route.ServiceRouter;
import io.grpc.CallOptions;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The admin page as a browser, a scraper and an attacker's page ask it. */
class AdminTest {
  private static final String TOKEN = "a-token-of-this-test";
  private static final String BEARER = "authorization: Bearer " + TOKEN;

  @TempDir private Path tokens;
  private final GatewayRig rig = new GatewayRig();
  private final ConfigStatus config = new ConfigStatus("gateway.yaml", "a: b", GatewayConfig.EMPTY);
  private final AtomicInteger drains = new AtomicInteger();
  private Gateway gateway;
  private AdminServer admin;
  private String endpoint;

  @BeforeEach
  void open() throws Exception {
    endpoint = rig.serve(new Echo());
    gateway = rig.gateway(endpoint);
    AdminServer.AdminTarget adminTarget =
        new AdminServer.AdminTarget(gateway, config, rig.meters, drains::incrementAndGet);
    admin =
        rig.closing(
            AdminServer.open(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                Optional.of(Files.writeString(tokens.resolve("token"), TOKEN + "\n")),
                adminTarget));
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void theStateSaysWhatIsServedAndWhere() throws IOException {
    call();
    config.onRefused("gateway.yaml:3: \"x\"");
    String state = get("/api/state");
    assertThat(state)
        .startsWith("HTTP/1.1 200 OK")
        .contains("\"state\":\"SERVING\"")
        .contains("\"config\":{\"source\":\"gateway.yaml\",\"hash\":\"")
        .contains("\"refused\":\"gateway.yaml:3: \\\"x\\\"\"")
        .contains("{\"route\":\"all\",")
        .contains("{\"cluster\":\"echo\",\"balance\":\"least_request\",\"known\":true,\"ended\":1,")
        .contains("{\"address\":\"" + endpoint + "\",\"weight\":1,\"health\":\"connected\",\"ageS")
        .contains("\"connections\":1,\"ready\":1,\"open\":0,\"waiting\":0}")
        .contains("\"method\":\"test.Echo/Unary\",\"ended\":1,\"failed\":0,\"open\":0,")
        .contains("\"p99Millis\":")
        .contains("\"byStatus\":{\"OK\":1}");
  }

  @Test
  void whoIsLeftOutHasItsReasonAndItsReturn() throws Exception {
    try (RefusingPort nobody = new RefusingPort()) {
      OutlierOptions strict =
          new OutlierOptions(1, Duration.ofSeconds(30), Duration.ofMinutes(1), 100);
      Cluster echo =
          Cluster.fixed(
              "echo",
              EndpointSet.of(List.of(Endpoint.of(endpoint), Endpoint.of(nobody.toString()))),
              GatewayRig.PATIENT.withOutliers(strict));
      GatewaySnapshot now = gateway.snapshot();
      gateway.apply(new GatewaySnapshot(now.router(), Map.of("echo", echo), now.limits()));
      await()
          .atMost(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)
          .untilAsserted(
              () -> {
                call();
                assertThat(get("/api/state"))
                    .containsPattern(
                        "\"health\":\"ejected\",.*\"ejectedFor\":\"connect: [^\"]*refused[^\"]*\","
                            + "\"backInSeconds\":[1-5][0-9]\\.");
              });
    }
  }

  @Test
  void whatHealthChecksFoundIsSaid() throws IOException {
    Cluster echo = Objects.requireNonNull(gateway.snapshot().clusters().get("echo"));
    echo.checkHealth(true);
    echo.onHealth(Endpoint.of(endpoint), EndpointHealthStatus.NOT_SERVING, "SERVICE_UNKNOWN");
    assertThat(get("/api/state"))
        .containsPattern(
            "\"health\":\"unhealthy\",\"check\":\"NOT_SERVING\",\"checkNote\":\"SERVICE_UNKNOWN\","
                + "\"checkSeconds\":[0-9.E-]+,\"checkLeavesOut\":true");

    echo.onHealth(Endpoint.of(endpoint), EndpointHealthStatus.SERVING, "no health service");
    assertThat(get("/api/state"))
        .contains("\"health\":\"idle\",\"check\":\"SERVING\",\"checkNote\":\"no health service\"");
  }

  @Test
  void metersAreThereForPrometheus() throws IOException {
    call();
    assertThat(get("/metrics"))
        .contains("content-type: text/plain; version=0.0.4")
        .contains("grpc_server_call_started_total{grpc_method=\"test.Echo/Unary\"} 1\n")
        .contains("# TYPE grpc_server_call_duration_seconds histogram\n")
        .contains(
            "grpc_server_call_duration_seconds_bucket{grpc_method=\"test.Echo/Unary\","
                + "grpc_status=\"OK\",le=\"+Inf\"} 1\n")
        .contains(
            "grpc_client_attempt_rcvd_total_compressed_message_size_bytes_sum{"
                + "grpc_method=\"test.Echo/Unary\",grpc_target=\"echo\",grpc_status=\"OK\"} 6\n")
        .contains("holdfast_gateway_open_calls{route=\"all\",cluster=\"echo\"} 0\n")
        .contains("holdfast_gateway_limited_events_total{limit=\"rapid_reset\"} 0\n");
  }

  @Test
  void promtoolAcceptsTheHistogramsOfCalls(@TempDir Path folder) throws Exception {
    Path promtool = Path.of("/usr/bin/promtool");
    assumeTrue(Files.isExecutable(promtool));
    call();
    String answer = get("/metrics");
    String body = answer.substring(answer.indexOf("\r\n\r\n") + 4);
    Path file = Files.writeString(folder.resolve("metrics"), body);
    Process check =
        new ProcessBuilder(promtool.toString(), "check", "metrics")
            .redirectInput(file.toFile())
            .redirectErrorStream(true)
            .start();
    String said = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(check.waitFor()).as(said).isZero();
  }

  @Test
  void drainingIsAskedForAndSeenByWhoChecks() throws Exception {
    assertThat(get("/healthz")).startsWith("HTTP/1.1 200 OK");
    assertThat(get("/livez")).startsWith("HTTP/1.1 200 OK");
    GatewaySnapshot all = gateway.snapshot();
    gateway.apply(new GatewaySnapshot(ServiceRouter.unknown(), Map.of(), all.limits()));
    assertThat(get("/readyz")).startsWith("HTTP/1.1 503 ").endsWith("which services it has\n");
    gateway.apply(all);
    assertThat(get("/readyz")).startsWith("HTTP/1.1 200 OK");
    assertThat(ask("POST /api/drain", "host: localhost", "x-holdfast-admin: test", BEARER))
        .startsWith("HTTP/1.1 202 Accepted");
    assertThat(drains).hasValue(1);
    gateway.drain().get();
    assertThat(get("/readyz")).startsWith("HTTP/1.1 503 ").endsWith("draining\n");
    assertThat(get("/api/state")).contains("\"state\":\"DRAINING\"");
  }

  @Test
  void whoWaitsForItsRegistryIsNotReadyWhateverElseItKnows() throws IOException {
    GatewaySnapshot all = gateway.snapshot();
    Router table = new RouteTable(List.of(), bound -> 0);
    gateway.apply(
        new GatewaySnapshot(
            new FallbackRouter(table, ServiceRouter.unknown()), all.clusters(), all.limits()));
    assertThat(get("/readyz")).startsWith("HTTP/1.1 503 ").endsWith("which services it has\n");

    // What is offered by a service that is known may be unknown for long, or for ever.
    Router known =
        new ServiceRouter(Map.of("echo", Set.of()), Set.of("echo"), RouteOptions.DEFAULT);
    gateway.apply(
        new GatewaySnapshot(new FallbackRouter(table, known), all.clusters(), all.limits()));
    assertThat(get("/readyz")).startsWith("HTTP/1.1 200 OK");
  }

  @Test
  void everyListenerIsSaid() throws IOException {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    gateway.listen(List.of(ListenerOptions.plaintext(any), ListenerOptions.plaintext(any)));
    List<InetSocketAddress> both = gateway.addresses();
    assertThat(get("/api/state"))
        .contains(
            "\"listeners\":[{\"address\":\"127.0.0.1:"
                + both.get(0).getPort()
                + "\"},{\"address\":\"127.0.0.1:"
                + both.get(1).getPort()
                + "\"}]");
  }

  @Test
  void drainNeedsTheTokenAndReadingOnLoopbackDoesNot() throws Exception {
    String[] drain = {"host: localhost", "x-holdfast-admin: test", ""};
    for (String authorization :
        List.of("x: y", "authorization: Bearer", "authorization: Bearer wrong", BEARER + "x")) {
      drain[2] = authorization;
      assertThat(ask("POST /api/drain", drain))
          .as(authorization)
          .startsWith("HTTP/1.1 401 ")
          .doesNotContain(TOKEN);
    }
    assertThat(get("/api/state")).startsWith("HTTP/1.1 200 OK");

    Files.writeString(tokens.resolve("token"), "another-token-of-this-test");
    drain[2] = BEARER;
    assertThat(ask("POST /api/drain", drain)).startsWith("HTTP/1.1 401 ");
    Files.delete(tokens.resolve("token"));
    assertThat(ask("POST /api/drain", drain)).startsWith("HTTP/1.1 503 ");
    assertThat(drains).hasValue(0);
  }

  @Test
  void pagesOfOthersAndNonsenseAreRefused() throws IOException {
    assertThat(ask("GET /api/state", "host: evil.example"))
        .startsWith("HTTP/1.1 403 ")
        .endsWith("host: evil.example (expected: localhost or 127.0.0.1)\n");
    assertThat(ask("POST /api/drain", "host: localhost")).startsWith("HTTP/1.1 403 ");
    assertThat(drains).hasValue(0);
    assertThat(ask("GET /api/drain", "host: [::1]:9")).startsWith("HTTP/1.1 405 ");
    assertThat(ask("GET /nowhere", "host: [::1]:9")).startsWith("HTTP/1.1 404 ");
    assertThat(ask("HEAD /", "host: [::1]:9")).startsWith("HTTP/1.1 200 ").endsWith("\r\n\r\n");
  }

  @Test
  void thePageNeedsNothingFromElsewhere() throws IOException {
    assertThat(get("/"))
        .contains("content-security-policy: default-src 'none'")
        .contains("<title>Holdfast gateway</title>")
        .doesNotContainPattern("(src|href)=\"?(https?:)?//");
  }

  @Test
  void whoReadsNoAnswersIsNotReadEither() throws Exception {
    int pairs = 2_000;
    String host = "host: 127.0.0.1:" + admin.address().getPort();
    // A large answer, and a request that is counted.
    String pair =
        FrontendRig.lines("GET / HTTP/1.1", host)
            + FrontendRig.lines("POST /api/drain HTTP/1.1", host, "x-holdfast-admin: test", BEARER);
    ByteBuffer requests = ByteBuffer.wrap(pair.repeat(pairs).getBytes(StandardCharsets.US_ASCII));
    try (SocketChannel client = SocketChannel.open()) {
      client.setOption(StandardSocketOptions.SO_RCVBUF, 4_096);
      client.connect(admin.address());
      client.configureBlocking(false);
      // Each of these takes turns of the page's thread, and in each of them eight requests of the
      // client could be answered.
      for (int i = 0; i < pairs / 2; i++) {
        int unused = client.write(requests);
        assertThat(get("/healthz")).startsWith("HTTP/1.1 200 OK");
      }
    }
    assertThat(drains).hasPositiveValue().hasValueLessThan(pairs / 2);
  }

  /** One answer comes from another thread, the other one at once. */
  @Test
  void pipelinedRequestsAreAnsweredInTheirOrder() throws IOException {
    int pairs = 50;
    String host = "host: 127.0.0.1:" + admin.address().getPort();
    String both =
        FrontendRig.lines("GET /api/state HTTP/1.1", host)
            + FrontendRig.lines("GET /nowhere HTTP/1.1", host);
    String answers = raw(both.repeat(pairs) + lastRequest("GET /healthz", host));
    assertThat(statuses(answers)).isEqualTo("200 404 ".repeat(pairs) + "200 ");
    assertThat(answers).endsWith("ok\n");
  }

  @Test
  void nothingIsAnsweredBehindTheLastRequest() throws IOException {
    String host = "host: 127.0.0.1:" + admin.address().getPort();
    String drain =
        FrontendRig.lines("POST /api/drain HTTP/1.1", host, "x-holdfast-admin: test", BEARER);
    String answers = raw(lastRequest("GET /api/state", host) + drain);
    assertThat(statuses(answers)).isEqualTo("200 ");
    assertThat(drains).hasValue(0);
  }

  @Test
  void requestThatIsTooLargeIsRefused() throws IOException {
    assertThat(raw("GET /" + "a".repeat(4_100))).startsWith("HTTP/1.1 400 ");
    assertThat(raw("GET / HTTP/1.1\r\nx: " + "a".repeat(8_200))).startsWith("HTTP/1.1 400 ");
    assertThat(ask("POST /api/drain", "content-length: 4097")).startsWith("HTTP/1.1 413 ");
    assertThat(drains).hasValue(0);
  }

  @Test
  void aPortThatIsTakenIsSaidSo() {
    AdminServer.AdminTarget adminTarget =
        new AdminServer.AdminTarget(gateway, config, rig.meters, () -> {});
    assertThatThrownBy(() -> AdminServer.open(admin.address(), Optional.empty(), adminTarget))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("admin: ");
  }

  private void call() {
    ClientCalls.blockingUnaryCall(
        rig.channel(gateway), Echo.UNARY, CallOptions.DEFAULT, new byte[1]);
  }

  private String get(String path) throws IOException {
    return ask("GET " + path, "host: 127.0.0.1:" + admin.address().getPort(), "x: y");
  }

  /** The whole answer, with its headers in small letters as they come. */
  private String ask(String line, String... headers) throws IOException {
    return raw(lastRequest(line, headers));
  }

  private static String lastRequest(String line, String... headers) {
    return FrontendRig.lines(line + " HTTP/1.1", "connection: close", String.join("\r\n", headers));
  }

  /** The statuses of answers, each with a space behind it. */
  private static String statuses(String answers) {
    return Pattern.compile("HTTP/1\\.1 (\\d{3} )")
        .matcher(answers)
        .results()
        .map(found -> found.group(1))
        .collect(Collectors.joining());
  }

  private String raw(String request) throws IOException {
    try (Socket socket = new Socket(admin.address().getAddress(), admin.address().getPort())) {
      socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(GatewayRig.PATIENCE_SECONDS));
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
