package dev.holdfast.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
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
import java.util.Iterator;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Probes and scrapes of the programs as processes: before a drain, and during one. */
class ProbesTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final Pattern LISTEN = Pattern.compile("\"listen\":\"127.0.0.1:(\\d+)\"");
  private static final Pattern ADMIN = Pattern.compile("\"admin\":\"127.0.0.1:(\\d+)\"");
  private static final Pattern METRICS = Pattern.compile("\"metrics\":\"127.0.0.1:(\\d+)\"");

  private final HttpClient http = HttpClient.newHttpClient();
  @TempDir Path folder;

  @BeforeEach
  void register() throws IOException {
    Path orders = Files.createDirectories(folder.resolve("services/orders"));
    Files.writeString(orders.resolve("all.list"), "127.0.0.1:1\n");
  }

  @Test
  void gatewayIsReadyUntilItDrainsAndAliveMeanwhile() throws Exception {
    try (HoldfastProcess gateway = start("gateway", "--admin=0");
        Socket client = new Socket(InetAddress.getLoopbackAddress(), port(gateway, LISTEN))) {
      String metrics = "http://127.0.0.1:" + port(gateway, METRICS);
      // A request that is not complete, and holds the drain.
      client.getOutputStream().write("POST /a.B/C HTTP/1.1\r\nhost: a\r\n".getBytes(US_ASCII));
      String admin = "127.0.0.1:" + port(gateway, ADMIN);
      await()
          .atMost(PATIENCE)
          .until(
              () -> CommandRun.of("gateway", "status", admin, "--json").out(),
              state -> state.contains("\"clientConnections\":1"));
      assertThat(get(metrics + "/metrics").body())
          .contains("holdfast_gateway_retried_attempts_total", "jvm_threads_live_threads ");
      assertThat(get(metrics + "/readyz").statusCode()).isEqualTo(200);

      gateway.signal("TERM");
      gateway.awaitErr("holdfast: draining: 1 connection");

      HttpResponse<String> draining = get(metrics + "/readyz");
      assertThat(draining.statusCode()).isEqualTo(503);
      assertThat(draining.body()).isEqualTo("draining\n");
      assertThat(get(metrics + "/livez").statusCode()).isEqualTo(200);
      client.close();
      assertThat(gateway.exitCode()).isZero();
    }
  }

  @Test
  void controlPlaneIsReadyUntilItDrainsAndAliveMeanwhile() throws Exception {
    try (HoldfastProcess control = start("control", "--admin=0", "--drain=5m")) {
      String metrics = "http://127.0.0.1:" + port(control, METRICS);
      await().atMost(PATIENCE).until(() -> get(metrics + "/readyz").statusCode() == 200);
      assertThat(get(metrics + "/metrics").body())
          .contains("holdfast_control_", "jvm_threads_live_threads ");
      ManagedChannel channel =
          Grpc.newChannelBuilder(
                  "127.0.0.1:" + port(control, LISTEN), InsecureChannelCredentials.create())
              .build();
      // A stream that the control plane does not end, and that holds its drain.
      Iterator<HealthCheckResponse> watch =
          HealthGrpc.newBlockingStub(channel).watch(HealthCheckRequest.getDefaultInstance());
      assertThat(watch.next().getStatus()).isEqualTo(HealthCheckResponse.ServingStatus.SERVING);

      control.signal("TERM");
      assertThat(watch.next().getStatus()).isEqualTo(HealthCheckResponse.ServingStatus.NOT_SERVING);

      HttpResponse<String> draining = get(metrics + "/readyz");
      assertThat(draining.statusCode()).isEqualTo(503);
      assertThat(draining.body()).isEqualTo("draining\n");
      assertThat(get(metrics + "/livez").statusCode()).isEqualTo(200);
      channel.shutdownNow();
      assertThat(control.exitCode()).isZero();
    }
  }

  @Test
  void anAddressThatCannotBeHadEndsTheProgramWithTheReason() throws Exception {
    try (HoldfastProcess first = start("control", "--admin=0")) {
      int taken = port(first, METRICS);
      for (String command : new String[] {"control", "gateway"}) {
        try (HoldfastProcess second =
            HoldfastProcess.start(
                folder,
                Map.of(),
                command,
                "--registry=file://" + folder + "/services",
                "--listen=0",
                "--admin=0",
                "--metrics=" + taken)) {
          assertThat(second.exitCode()).isEqualTo(ExitCode.FAILED);
          assertThat(second.err())
              .contains("holdfast: " + command + ": metrics: 127.0.0.1:" + taken + ": ");
        }
      }
    }
  }

  private HoldfastProcess start(String command, String... more) {
    String[] words = new String[5 + more.length];
    words[0] = command;
    words[1] = "--json";
    words[2] = "--registry=file://" + folder + "/services";
    words[3] = "--listen=0";
    words[4] = "--metrics=0";
    System.arraycopy(more, 0, words, 5, more.length);
    return HoldfastProcess.start(folder, Map.of(), words);
  }

  private HttpResponse<String> get(String uri) throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create(uri)).timeout(PATIENCE).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static int port(HoldfastProcess process, Pattern pattern) {
    process.awaitOut(out -> pattern.matcher(out).find());
    Matcher found = pattern.matcher(process.out());
    assertThat(found.find()).as(process.out()).isTrue();
    return Integer.parseInt(found.group(1));
  }
}
