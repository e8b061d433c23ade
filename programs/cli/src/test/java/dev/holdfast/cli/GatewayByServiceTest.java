package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.examples.v1.GetRequest;
import dev.holdfast.examples.v1.Order;
import dev.holdfast.examples.v1.OrdersGrpc;
import dev.holdfast.examples.v1.TelemetryGrpc;
import io.grpc.BindableService;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code holdfast gateway} without a file, before stock servers with reflection. */
class GatewayByServiceTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final Pattern LISTENING = Pattern.compile("\"listen\":\"127.0.0.1:(\\d+)\"");
  private static final String GET = "holdfast.examples.v1.Orders/Get";

  @TempDir Path folder;

  private final List<Server> servers = new ArrayList<>();

  @AfterEach
  void stop() {
    servers.forEach(Server::shutdownNow);
  }

  @Test
  void callsFindTheirServiceByItsGrpcServiceUntilTwoOfferIt() throws Exception {
    serve("orders", new Orders());
    String command =
        "gateway --json --registry file://" + folder + "/services --listen 0 --access-log -";
    try (HoldfastProcess gateway = HoldfastProcess.start(folder, Map.of(), command.split(" "))) {
      int port = port(gateway);
      // Answered as soon as reflection told what is behind which service.
      await()
          .atMost(PATIENCE)
          .ignoreExceptionsMatching(StatusRuntimeException.class::isInstance)
          .until(() -> get(port).equals("tea"));

      assertCalledWithoutAuthorityAsByCurl(port);
      serve("telemetry", new TelemetryGrpc.TelemetryImplBase() {});
      awaitTwoServices(port);

      CommandRun call =
          CommandRun.of(
              "call", "127.0.0.1:" + port, GET, "--authority", "orders", "-d", "{\"id\":\"7\"}");
      assertThat(call.code()).as(call.err()).isZero();
      assertThat(call.out()).isEqualTo("{\"id\":\"7\",\"item\":\"tea\"}\n");

      HttpResponse<String> json = json(port, GET, "{\"id\":\"8\"}");
      assertThat(json.body()).isEqualTo("{\"id\":\"8\",\"item\":\"tea\"}");
      assertThat(json.statusCode()).isEqualTo(200);
      HttpResponse<String> field = json(port, GET, "{\"idd\":8}");
      assertThat(field.statusCode()).isEqualTo(400);
      assertThat(field.body()).contains("holdfast.examples.v1.GetRequest; did you mean id?)");
      HttpResponse<String> method = json(port, "holdfast.examples.v1.Orders/Gte", "{}");
      assertThat(method.statusCode()).isEqualTo(404);
      assertThat(method.body()).contains("; did you mean /" + GET + "?)");
      // Services are not told to who guesses.
      assertThat(json(port, "holdfast.examples.v1.Order/Get", "{}").body())
          .doesNotContain("did you mean");

      serve("orders-canary", new Orders());
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThatThrownBy(() -> get(port))
                      .isInstanceOf(StatusRuntimeException.class)
                      .hasMessageContaining(
                          "more than one service is meant: orders, orders-canary"));

      gateway.signal("TERM");
      assertThat(gateway.exitCode()).isZero();
      assertThat(gateway.out())
          .containsPattern(
              "\"method\":\"/" + GET + "\",\"verb\":\"POST\",\"http\":200,.*\"grpc\":\"OK\"")
          .contains("\"http\":400,");
    }
  }

  private static void assertCalledWithoutAuthorityAsByCurl(int port) {
    CommandRun only = CommandRun.of("call", "127.0.0.1:" + port, GET, "-d", "{\"id\":\"6\"}");
    assertThat(only.code()).as(only.err()).isZero();
    assertThat(only.out()).isEqualTo("{\"id\":\"6\",\"item\":\"tea\"}\n");
  }

  private static void awaitTwoServices(int port) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(CommandRun.of("ls-methods", "127.0.0.1:" + port).err())
                    .contains("the authority of one of the services orders, telemetry"));
  }

  private void serve(String name, BindableService service) throws IOException {
    ServerBuilder<?> builder =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(service)
            .addService(ProtoReflectionServiceV1.newInstance());
    Server server = builder.build().start();
    servers.add(server);
    Path directory = Files.createDirectories(folder.resolve("services/" + name));
    Files.writeString(directory.resolve("all.list"), "127.0.0.1:" + server.getPort() + "\n");
  }

  private static int port(HoldfastProcess gateway) {
    await().atMost(PATIENCE).until(() -> LISTENING.matcher(gateway.out()).find());
    Matcher matcher = LISTENING.matcher(gateway.out());
    assertThat(matcher.find()).isTrue();
    return Integer.parseInt(matcher.group(1));
  }

  private static String get(int port) {
    ManagedChannel channel =
        Grpc.newChannelBuilderForAddress("127.0.0.1", port, InsecureChannelCredentials.create())
            .build();
    try {
      return OrdersGrpc.newBlockingStub(channel)
          .withDeadlineAfter(PATIENCE.toSeconds(), TimeUnit.SECONDS)
          .get(GetRequest.newBuilder().setId("7").build())
          .getItem();
    } finally {
      channel.shutdownNow();
    }
  }

  private static HttpResponse<String> json(int port, String method, String body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/" + method))
            .header("content-type", "application/json")
            .timeout(PATIENCE)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
  }

  private static final class Orders extends OrdersGrpc.OrdersImplBase {
    @Override
    public void get(GetRequest request, StreamObserver<Order> answer) {
      answer.onNext(Order.newBuilder().setId(request.getId()).setItem("tea").build());
      answer.onCompleted();
    }
  }
}
