package dev.holdfast.cli.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.admin.rpc.ResumableStream;
import dev.holdfast.cli.control.PolicySplits;
import dev.holdfast.cli.fleet.FakeAdminServer;
import dev.holdfast.cli.fleet.FleetReader;
import dev.holdfast.cli.fleet.FleetServices;
import dev.holdfast.cli.fleet.RegistryList;
import dev.holdfast.core.Clock;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointListState;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.ServiceName;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The console over loopback before an admin service that was written from its .proto file. */
class ConsoleTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String TOKEN = "a-token-of-this-test";
  private static final ServiceName ORDERS = ServiceName.of("prod", "orders");
  private static final int STREAMS = 25;

  private final HttpClient http = HttpClient.newHttpClient();
  @TempDir private Path scratch;
  private Path policy;
  private final Timeline timeline = new Timeline(Clock.system());
  private final TimelineRecorder recorder = new TimelineRecorder(timeline, Clock.system());
  private FakeAdminServer process;
  private FleetReader reader;
  private ForeignStates foreign;
  private ConsoleFeed feed;
  private ConsoleServer server;

  @BeforeEach
  void open() throws IOException {
    policy = scratch.resolve("policy.yaml");
    process = FakeAdminServer.start("process", LongStream.range(0, STREAMS).boxed().toList());
    EndpointSet orders =
        EndpointSet.of(
            Endpoint.of("127.0.0.1:50051")
                .withZone("a")
                .withMetadata(
                    Map.of(
                        "holdfast-admin",
                        process.address() + " process",
                        "holdfast-gateway",
                        "*:2")),
            Endpoint.of("127.0.0.1:50052").withDraining(true));
    reader =
        new FleetReader(
            () ->
                new FleetServices.ServicesState(
                    Map.of(ORDERS, orders), Map.of(ORDERS, list(orders)), "", 0),
            List.of(),
            address ->
                Grpc.newChannelBuilderForAddress(
                        address.address().host(),
                        address.address().port(),
                        InsecureChannelCredentials.create())
                    .build(),
            Clock.system());
    foreign =
        new ForeignStates(
            List.of(HostPort.parse("127.0.0.1:1")), List.of(), reader::services, Optional.empty());
    feed = new ConsoleFeed(reader, foreign, timeline, recorder, Clock.system());
    feed.start();
    server = serve(true);
  }

  private static RegistryList list(EndpointSet said) {
    return new RegistryList(
        EndpointListState.FOLLOWING, Optional.of(Duration.ZERO), Optional.of(said));
  }

  private ConsoleServer serve(boolean loopback) throws IOException {
    return ConsoleServer.open(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        new ConsoleRequests(
            feed,
            new ConsoleAccess(TOKEN, loopback),
            Optional.of(new PolicySplits(policy)),
            mayAct -> ConsoleJson.info("etcd://h1/prod", "1", mayAct, true)));
  }

  @AfterEach
  void close() {
    server.close();
    feed.close();
    foreign.close();
    reader.close();
    process.close();
  }

  @Test
  void showsWhatTheRegistryAndTheProcessSay() throws Exception {
    assertThat(get("/api/rows?view=services"))
        .contains(
            "\"endpoint\":\"127.0.0.1:50051\",\"state\":\"eligible\",\"registry\":\"listed\",\"zone\":\"a\"",
            "\"admin\":\"answers\"",
            "\"endpoint\":\"127.0.0.1:50052\",\"state\":\"draining\"",
            "\"admin\":\"none\"");
    assertThat(get("/api/rows?view=services&filter=50052"))
        .contains("127.0.0.1:50052", "\"total\":2,\"matched\":1")
        .doesNotContain("127.0.0.1:50051");
    assertThat(get("/api/rows?view=gateways"))
        .contains("{\"address\":\"127.0.0.1:1\",\"trouble\":\"")
        .as("one that the registry names")
        .contains("{\"address\":\"127.0.0.1:2\",\"trouble\":\"")
        .doesNotContain("\"state\":");
  }

  @Test
  void pagesAreTurnedAtTheServer() throws Exception {
    String question = "view=streams&sort=sent&limit=10";
    assertThat(get("/api/rows?" + question)).contains("process-24", "process-15", "\"more\":true");
    String second = next(question);
    assertThat(get("/api/rows?" + question + "&page=" + second))
        .contains("process-14", "process-5")
        .doesNotContain("process-15\"", "process-4\"");
    String third = next(question + "&page=" + second);
    assertThat(get("/api/rows?" + question + "&page=" + third))
        .contains("process-4", "process-0", "\"more\":false");
    assertThat(get("/api/rows?" + question + "&page=forgotten")).contains("not known any more");
  }

  @Test
  void streamsHaveTheirMessagesPerSecondFromTheSecondReadingOn() throws Exception {
    assertThat(get("/api/info"))
        .contains("{\"head\":\"MSG/S\",\"field\":\"messages_per_second\",\"sorts\":false}");
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> get("/api/rows?view=streams").contains("\"messages_per_second\":0.0"));
  }

  private String next(String question) throws Exception {
    return post("/api/next?" + question, TOKEN)
        .body()
        .replaceAll(".*\"page\":\"([^\"]+)\".*", "$1");
  }

  @Test
  void eventsGoOnUntilTheBrowserLeaves() throws Exception {
    HttpResponse<Stream<String>> events =
        http.send(
            request("/api/events?view=timeline").build(), HttpResponse.BodyHandlers.ofLines());
    assertThat(events.headers().firstValue("content-type")).contains("text/event-stream");
    process.end(
        ResumableStream.newBuilder()
            .setId("lost-one")
            .setMethod("a.B/C")
            .setEnd("LOST_EXPIRED")
            .setLost(true)
            .setEndedMs(System.currentTimeMillis())
            .build());
    assertThat(events.body().filter(line -> line.contains("LOST_EXPIRED")).findFirst())
        .hasValueSatisfying(
            line -> assertThat(line).startsWith("data: {").contains("\"trouble\":true"));
  }

  @Test
  void changesOfTheRegistryAreOnTheTimeline() throws Exception {
    recorder.onEndpoints(ORDERS, EndpointSet.of(Endpoint.of("10.0.0.1:1")));
    recorder.onEndpoints(ORDERS, EndpointSet.of(Endpoint.of("10.0.0.1:1").withDraining(true)));
    recorder.onEndpoints(ORDERS, EndpointSet.EMPTY);
    recorder.onEndpoints(ORDERS, EndpointSet.of(Endpoint.of("10.0.0.2:1")));
    recorder.onEndpoints(ORDERS, EndpointSet.EMPTY);

    assertThat(timeline.newest(10))
        .extracting(TimelineEvent::what, TimelineEvent::trouble)
        .containsExactlyInAnyOrder(
            org.assertj.core.api.Assertions.tuple("draining", false),
            org.assertj.core.api.Assertions.tuple("removed", false),
            org.assertj.core.api.Assertions.tuple("added", false),
            org.assertj.core.api.Assertions.tuple("removed", true));
  }

  @Test
  void processThatEndsIsSilentOnTheTimeline() throws Exception {
    get("/api/rows?view=streams");
    process.close();

    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(get("/api/rows?view=timeline"))
                    .contains("\"kind\":\"process\"", "\"what\":\"silent\""));
    assertThat(get("/api/rows?view=streams")).contains("\"answering\":0", "\"silent\":[{");
  }

  @Test
  void drainNeedsTheTokenAndReachesTheProcess() throws Exception {
    get("/api/rows?view=services");
    String drain =
        "/api/drain?endpoint=127.0.0.1:50051&draining=true&process="
            + (process.address() + "%20process");
    assertThat(post(drain, "").statusCode()).isEqualTo(401);
    assertThat(post(drain, "wrong").statusCode()).isEqualTo(401);
    assertThat(process.drained()).isEmpty();

    assertThat(post(drain, TOKEN).body()).isEqualTo("{\"endpoints\":\"127.0.0.1:50051\"}");
    assertThat(process.drained())
        .singleElement()
        .satisfies(request -> assertThat(request.getDraining()).isTrue());
    assertThat(post(drain.replace("%20process", "x"), TOKEN).body()).contains("process: ");
    assertThat(post(drain.replace("=true", "=maybe"), TOKEN).body())
        .contains("draining: \\\"maybe\\\" (expected: true or false)");
  }

  @Test
  void endpointIsExplained() throws Exception {
    assertThat(get("/api/explain?endpoint=127.0.0.1:50052"))
        .contains(
            "orders: draining; registry: listed; weight",
            "No new call goes there: marked as draining",
            "Its process has no admin service");
    assertThat(get("/api/explain?endpoint=127.0.0.1:50051"))
        .contains("New calls may go there.", "answers: ", "No client that shows itself");
    assertThat(get("/api/explain?endpoint=127.0.0.1:1"))
        .contains("endpoint: 127.0.0.1:1 (expected: one of a service");
    assertThat(get("/api/explain?endpoint=nonsense")).contains("\"refused\":\"", "nonsense");
  }

  @Test
  void splitNeedsTheTokenAndEditsThePolicy() throws Exception {
    String split = "/api/split?service=orders&subset=v2&percent=10";
    assertThat(get("/api/shares?service=orders")).contains("\"split\":\"all instances\"");
    assertThat(post(split, "wrong").statusCode()).isEqualTo(401);
    assertThat(send(request(split)).statusCode()).isEqualTo(405);
    assertThat(policy).doesNotExist();

    assertThat(post(split, TOKEN).body())
        .isEqualTo("{\"split\":\"v2 10%, others 90% (was: all instances)\"}");
    assertThat(get("/api/shares?service=orders")).contains("v2 10%, others 90%");
    String before = Files.readString(policy);
    assertThat(post(split.replace("=10", "=1000"), TOKEN).body()).contains("refused", "v2: 1000%");
    assertThat(post(split.replace("=v2", "="), TOKEN).body()).contains("subset: none (expected");
    assertThat(post(split.replace("=orders", "=a/b"), TOKEN).body()).contains("service: ");
    assertThat(policy).hasContent(before);

    assertThat(post("/api/split?service=orders&clear=true", TOKEN).body())
        .contains("all instances (was: v2 10%");
  }

  @Test
  void beyondLoopbackReadingNeedsTheTokenToo() throws Exception {
    server.close();
    server = serve(false);
    assertThat(send(request("/api/rows?view=services")).statusCode()).isEqualTo(401);
    assertThat(
            send(request("/api/rows?view=services").header("authorization", "Bearer " + TOKEN))
                .statusCode())
        .isEqualTo(200);
    assertThat(send(request("/")).body()).contains("<title>Holdfast console</title>");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "view=passwords | view: \\\"passwords\\\" (expected: one of services",
        "view=streams&sort=sennt | sort: sennt (expected: sent?)",
        "view=streams&order=up | order: \\\"up\\\" (expected: asc or desc)",
        "view=streams&limit=0 | limit: \\\"0\\\" (expected: 1 to 500)",
        "view=streams&limit=many | limit: \\\"many\\\" (expected: 1 to 500)"
      })
  void wrongParametersAreNamed(String parameters, String refusal) throws Exception {
    for (String path : List.of("/api/rows?", "/api/events?")) {
      HttpResponse<String> answer = send(request(path + parameters));
      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(answer.body()).contains(refusal);
    }
  }

  /**
   * A page of another origin, also one whose name resolves to loopback, learns and does nothing.
   */
  @ParameterizedTest
  @CsvSource({
    "GET, evil.example, ''",
    "GET, 127.0.0.1, http://evil.example",
    "POST, 127.0.0.1, http://evil.example"
  })
  void pagesOfOtherOriginsAreRefused(String method, String host, String origin) throws Exception {
    String path = method.equals("GET") ? "/api/rows?view=services" : "/api/drain?draining=true";
    String answer =
        raw(
            method
                + " "
                + path
                + " HTTP/1.1\r\nhost: "
                + host
                + ":"
                + server.address().getPort()
                + "\r\n"
                + (origin.isEmpty() ? "" : "origin: " + origin + "\r\n")
                + "authorization: Bearer "
                + TOKEN
                + "\r\nx-holdfast-admin: console\r\nconnection: close\r\n\r\n");
    assertThat(answer).startsWith("HTTP/1.1 403").doesNotContain("50051");
    assertThat(process.drained()).isEmpty();
  }

  @Test
  void requestsThatMakeNoSenseAreAnsweredAsSuch() throws Exception {
    assertThat(send(request("/etc/passwd")).statusCode()).isEqualTo(404);
    assertThat(raw("nonsense\r\n\r\n")).startsWith("HTTP/1.1 400");
    assertThat(raw("GET / HTTP/1.1\r\nx: " + "y".repeat(100_000) + "\r\n\r\n"))
        .startsWith("HTTP/1.1 400");
    assertThat(send(request("/api/rows?view=streams")).statusCode()).isEqualTo(200);
  }

  @Test
  void pageHasNoFileOfOthersAndNoInlineScript() throws Exception {
    HttpResponse<String> page = send(request("/"));
    assertThat(page.headers().firstValue("content-security-policy"))
        .hasValueSatisfying(
            policy -> assertThat(policy).contains("script-src 'self'").doesNotContain("unsafe"));
    assertThat(page.body()).doesNotContain("https://", "<script>", "onclick=", "style=");
    assertThat(send(request("/console.js")).headers().firstValue("content-type"))
        .contains("text/javascript; charset=utf-8");
    assertThat(send(request("/console.css")).statusCode()).isEqualTo(200);
  }

  private String get(String path) throws IOException, InterruptedException {
    return send(request(path)).body();
  }

  private HttpResponse<String> post(String path, String token)
      throws IOException, InterruptedException {
    return send(
        request(path)
            .POST(HttpRequest.BodyPublishers.noBody())
            .header("x-holdfast-admin", "console")
            .header("authorization", "Bearer " + token));
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(
        URI.create("http://127.0.0.1:" + server.address().getPort() + path));
  }

  private HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  /** The first line of the answer to just these bytes; "" when the peer closes without one. */
  private String raw(String request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
      socket.setSoTimeout((int) LIMIT.toMillis());
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      InputStream in = socket.getInputStream();
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII));
      return Optional.ofNullable(lines.readLine()).orElse("");
    }
  }
}
