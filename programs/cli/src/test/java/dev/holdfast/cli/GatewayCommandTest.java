package dev.holdfast.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.api.AnnotationsProto;
import com.google.api.HttpRule;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.health.v1.HealthProto;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code holdfast gateway} as a process before a stock server, and what its check says. */
class GatewayCommandTest {
  private static final String TOKEN = "a-token-of-this-test";
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final Pattern ADMIN = Pattern.compile("\"admin\":\"127.0.0.1:(\\d+)\"");
  private static final Pattern LISTENING = Pattern.compile("\"listen\":\"127.0.0.1:(\\d+)\"");

  @TempDir Path folder;

  @Test
  void aServiceIsCalledThroughItAndItsFileIsFollowed() throws Exception {
    Server server = server();
    Path file = folder.resolve("gateway.yaml");
    Files.writeString(file, "routes: []\n");
    try (HoldfastProcess gateway =
        HoldfastProcess.start(
            folder,
            Map.of(),
            ("gateway --json --registry file://"
                    + folder
                    + "/services --listen 0 --admin 0 --access-log - --admin-token-file "
                    + Files.writeString(folder.resolve("token"), TOKEN)
                    + " --config "
                    + file)
                .split(" "))) {
      int port = port(gateway);
      assertThat(health(port, "orders")).isEqualTo(HealthCheckResponse.ServingStatus.SERVING);
      assertThatThrownBy(() -> health(port, "shop.example"))
          .isInstanceOf(StatusRuntimeException.class)
          .hasMessageStartingWith("UNIMPLEMENTED: ")
          .hasMessageContaining("no route for /grpc.health.v1.Health/Check with authority shop.ex");

      Files.writeString(file, "routes: [{authority: shop.example, cluster: ordres}]\n");
      await().atMost(PATIENCE).until(() -> gateway.err().contains("event=config_refused"));
      assertThat(gateway.err()).contains("gateway.yaml:1: routes[0].cluster: ordres (expected: ");
      assertThat(health(port, "orders")).isEqualTo(HealthCheckResponse.ServingStatus.SERVING);

      Files.writeString(
          file, "clusters: {orders: {}}\nroutes: [{authority: shop.example, cluster: orders}]\n");
      await()
          .atMost(PATIENCE)
          .ignoreExceptionsInstanceOf(StatusRuntimeException.class)
          .until(() -> health(port, "shop.example") == HealthCheckResponse.ServingStatus.SERVING);

      String admin = "127.0.0.1:" + port(gateway, ADMIN);
      CommandRun status = CommandRun.of("gateway", "status", admin);
      assertThat(status.code()).as(status.err()).isZero();
      assertThat(status.out())
          .containsPattern("127.0.0.1:" + port + " SERVING, up [0-9]+[sm], config [0-9a-f]{12}, ")
          .containsPattern("orders +127.0.0.1:[0-9]+ +connected ");
      assertThat(CommandRun.of("gateway", "status", admin, "--json").out())
          .contains("\"match\":\"shop.example ");
      assertThat(gateway.out())
          .contains("\"method\":\"/grpc.health.v1.Health/Check\"")
          .contains("\"grpc\":\"UNIMPLEMENTED\",\"reason\":\"no_route\"");

      assertThat(drain(admin)).isEqualTo(202);
      assertThat(gateway.exitCode()).isZero();
      assertThat(gateway.err())
          .contains("holdfast: draining: ", " 0 calls; at most 5m; again (Ctrl-C, SIGTERM) to end")
          .containsPattern("holdfast: drained after [0-9.]+s\n");
    } finally {
      server.shutdownNow();
    }
  }

  @Test
  void theFirstSignalSaysWhatItWaitsForAndTheSecondEndsAtOnce() throws IOException {
    Path file = file("drain: {streams: 24h}\n");
    try (HoldfastProcess gateway =
            HoldfastProcess.start(
                folder,
                Map.of(),
                ("gateway --json --listen 0 --admin 0 --config " + file).split(" "));
        Socket client = new Socket(InetAddress.getLoopbackAddress(), port(gateway))) {
      gateway.awaitErr("holdfast: warning: neither a registry nor a cluster");
      client.getOutputStream().write("POST /a.B/C HTTP/1.1\r\nhost: a\r\n".getBytes(US_ASCII));
      String admin = "127.0.0.1:" + port(gateway, ADMIN);
      await()
          .atMost(PATIENCE)
          .until(
              () -> CommandRun.of("gateway", "status", admin, "--json").out(),
              state -> state.contains("\"clientConnections\":1"));
      gateway.signal("INT");
      gateway.awaitErr("holdfast: draining: 1 connection, 0 calls; at most 24h; again (Ctrl-C, ");
      gateway.signal("INT");
      assertThat(gateway.exitCode()).isEqualTo(1);
      assertThat(gateway.err()).endsWith("holdfast: ended at once; what was under way is cut\n");
    }
  }

  /** As the button of the admin page does it. */
  private static int drain(String admin) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://" + admin + "/api/drain"))
            .header("x-holdfast-admin", "test")
            .header("authorization", "Bearer " + TOKEN)
            .POST(HttpRequest.BodyPublishers.noBody())
            .build();
    return HttpClient.newHttpClient()
        .send(request, HttpResponse.BodyHandlers.discarding())
        .statusCode();
  }

  @Test
  void aGoodFileIsSaidToBeGood() throws IOException {
    Path file = file("clusters: {a: {endpoints: ['10.0.0.1:1']}}\nroutes: [{cluster: a}]\n");
    CommandRun run = CommandRun.of("gateway", "check", file.toString());
    assertThat(run.code()).isZero();
    assertThat(run.out()).isEqualTo(file + ": ok, routes=1 clusters=1\n");
  }

  @Test
  void aParameterThatNoRegistryKnowsIsAMistake() throws IOException {
    Path file =
        file(
            """
            registry: 'file:///run/x?nonsense=1'
            clusters:
              a: {target: 'file:///run/x/a?nonsense=1'}
            """);
    CommandRun run = CommandRun.of("gateway", "check", file.toString());
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out().lines())
        .hasSize(2)
        .allSatisfy(line -> assertThat(line).contains("registry parameter: \"nonsense\" (exp"))
        .anySatisfy(line -> assertThat(line).startsWith(file + ":3: clusters.a.target: "));
  }

  @Test
  void everyBindingThatCanNotBeServedIsNamed() throws Exception {
    Path file = file("clusters: {a: {endpoints: ['10.0.0.1:1'], descriptor-sets: [health.pb]}}\n");
    FileDescriptorProto.Builder set = HealthProto.getDescriptor().toProto().toBuilder();
    HttpRule two = HttpRule.newBuilder().setGet("/v1/{service}").build();
    HttpRule one =
        HttpRule.newBuilder()
            .setGet("/v1/{none}")
            .addAdditionalBindings(HttpRule.newBuilder().setPost("/v1/x").setBody("a.b"))
            .addAdditionalBindings(two)
            .build();
    set.getServiceBuilder(0)
        .getMethodBuilder(0)
        .getOptionsBuilder()
        .setExtension(AnnotationsProto.http, one);
    set.getServiceBuilder(0)
        .getMethodBuilder(1)
        .getOptionsBuilder()
        .setExtension(AnnotationsProto.http, two);
    Files.write(
        file.resolveSibling("health.pb"),
        FileDescriptorSet.newBuilder().addFile(set).build().toByteArray());

    CommandRun run = CommandRun.of("gateway", "check", file.toString());
    assertThat(run.code()).isEqualTo(1);
    String set1 = file + ": clusters.a.descriptor-sets: " + set.getName() + ": ";
    assertThat(run.out().lines())
        .satisfiesExactlyInAnyOrder(
            line -> assertThat(line).startsWith(set1).contains("/Check: GET /v1/{none}: "),
            line -> assertThat(line).startsWith(set1).contains("/Check: POST /v1/x: body: a.b"),
            line -> assertThat(line).startsWith(set1).contains("GET /v1/*: asked for by"));
  }

  @Test
  void aFileThatLeadsNowhereIsWarnedOf() throws IOException {
    Path file = file("routes: []\n");
    CommandRun run = CommandRun.of("gateway", "check", file.toString());
    assertThat(run.code()).isZero();
    assertThat(run.out())
        .startsWith(file + ": ok, routes=0 clusters=0\n" + file + ": warning: neither a registry");
    assertThat(CommandRun.of("gateway", "check", file.toString(), "--registry", "file:///x").out())
        .doesNotContain("warning");
  }

  @Test
  void everyMistakeOfABadFileIsPrinted() throws IOException {
    Path file = file("clustrs: {}\nroutes: [{cluster: a}]\n");
    CommandRun run = CommandRun.of("gateway", "check", file.toString());
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out().lines())
        .containsExactly(
            file + ":1: clustrs: unknown (expected: clusters)",
            file
                + ":2: routes[0].cluster: a (expected: the name of a cluster under clusters, where"
                + " none is)");

    CommandRun json = CommandRun.of("gateway", "check", "--json", file.toString());
    assertThat(json.code()).isEqualTo(1);
    assertThat(json.out())
        .startsWith("{\"ok\":false,\"problems\":[\"" + file + ":1: clustrs: unknown");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gateway check /nowhere/g.yaml | config: /nowhere/g.yaml: no such file (expected: a file) ",
        "gateway --config /nowhere/g.yaml | config: /nowhere/g.yaml: no such file (expected: a"
            + " file) ",
        "gateway | registry: none (expected: --registry URI, HOLDFAST_REGISTRY or --config FILE)",
        "gateway --registry file:///tmp/x --listen a:b:c | listen: \"a:b:c\" (expected: PORT or",
        "gateway --registry file:///tmp/x --drain 5 | drain: \"5\" (expected: a number and ms",
        "gateway --registry file:///tmp/x --threads 0 | threads: 0 (expected: 1 to 1024)",
        "gateway --registry file:///tmp/x --tls-cert a | tls-cert, tls-key, tls-client-ca: one"
            + " with",
        "gateway --registry file:///tmp/x --tls-cert /no/a --tls-key b | tls: /no/a: not there"
            + " (exp",
        "gateway --registry file:///tmp/x --listen 0 --access-log /no/a.log | access-log:"
            + " /no/a.log: no folder /no (expected: a file that can be written, or - for standard"
            + " output)",
        "gateway --registry file:///tmp/x --listen 0 --access-log / | access-log: /: a folder (exp",
        // Looks as if it could be written, by the eyes of root.
        "gateway --registry file:///tmp/x --listen 0 --access-log /proc/a.log | access-log:"
            + " /proc/a.log: ",
        "gateway --registry dns:///x --listen 0 | (expected: --service NAME for each that is",
      })
  void whatMakesNoSenseIsRefused(String line, String message) {
    CommandRun run = CommandRun.of(line.split(" "));
    assertThat(run.err()).contains(message);
    assertThat(run.code()).isEqualTo(2);
  }

  @Test
  void aTlsLibraryThatIsNoneIsRefused() {
    Map<String, String> typo = Map.of("JAVA_TOOL_OPTIONS", "-Dholdfast.gateway.tls=jkd");
    try (HoldfastProcess gateway =
        HoldfastProcess.start(
            folder, typo, "gateway", "--registry", "file://" + folder, "--listen", "0")) {
      await()
          .atMost(PATIENCE)
          .until(() -> gateway.err().contains("expected: ") || !gateway.out().isEmpty());
      assertThat(gateway.err()).contains("holdfast.gateway.tls: \"jkd\" (expected: jdk, or not");
      assertThat(gateway.exitCode()).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "clusters: {a: {endpoints: ['b:1']}} | true",
        "clusters: {a: {endpoints: ['b:1'], balance: round_robin, connect-timeout: 5s}} | true",
        "listeners: [{address: 8080}] | true",
        "listeners: [{address: 1, tls: {certificate: a, key: b, client-auth: optional}}] | true",
        "listeners: [{address: 1, tls: {certificate: a}}] | false",
        "clusters: {a: {endpoints: ['b:1'], tls: {}}} | true",
        "routes: [{cluster: a, headers: {x-a: b, x-c: {present: true}}}] | true",
        "routes: [{split: {a: 10%, b: 90%}, retry: {attempts: 2, idempotent: true}}] | true",
        "limits: {streams: 7} | true",
        "{} | true",
        "clusters: {a: {balanc: round_robin}} | false",
        "clusters: {a: {balance: random}} | false",
        "clusters: {a: {connect-timeout: 5}} | false",
        "routes: {cluster: a} | false",
        "routes: [{headers: {x-c: {presnt: true}}}] | false",
        "listeners: [{}] | false",
        "limits: {streams: 0} | false",
        "limitz: {} | false",
      })
  void theSchemaKnowsWhatIsRight(String yaml, boolean right) {
    JsonSchema schema =
        JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
            .getSchema(CommandRun.of("gateway", "schema").out());
    assertThat(schema.validate(yaml, InputFormat.YAML).isEmpty())
        .as("%s", schema.validate(yaml, InputFormat.YAML))
        .isEqualTo(right);
  }

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("gateway.yaml"), text);
  }

  /** A server that is registered as orders. */
  private Server server() throws IOException {
    Server server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(new HealthStatusManager().getHealthService())
            .build()
            .start();
    Path orders = Files.createDirectories(folder.resolve("services/orders"));
    Files.writeString(orders.resolve("all.list"), "127.0.0.1:" + server.getPort() + "\n");
    return server;
  }

  private static int port(HoldfastProcess gateway) {
    return port(gateway, LISTENING);
  }

  private static int port(HoldfastProcess gateway, Pattern where) {
    await().atMost(PATIENCE).until(() -> where.matcher(gateway.out()).find());
    Matcher matcher = where.matcher(gateway.out());
    assertThat(matcher.find()).isTrue();
    return Integer.parseInt(matcher.group(1));
  }

  private static HealthCheckResponse.ServingStatus health(int port, String authority) {
    ManagedChannel channel =
        Grpc.newChannelBuilderForAddress("127.0.0.1", port, InsecureChannelCredentials.create())
            .overrideAuthority(authority)
            .build();
    try {
      return HealthGrpc.newBlockingStub(channel)
          .withDeadlineAfter(PATIENCE.toSeconds(), TimeUnit.SECONDS)
          .check(HealthCheckRequest.getDefaultInstance())
          .getStatus();
    } finally {
      channel.shutdownNow();
    }
  }
}
