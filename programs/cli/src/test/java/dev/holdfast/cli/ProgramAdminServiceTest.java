package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The admin service of a gateway and of a control plane, which are no servers of the library. */
class ProgramAdminServiceTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final Pattern LISTENING = Pattern.compile("\"listen\":\"127.0.0.1:(\\d+)\"");
  private static final Pattern SERVICE = Pattern.compile("\"adminService\":\"127.0.0.1:(\\d+)\"");

  @TempDir Path folder;

  @Test
  void gatewayShowsItsConnectionsOnBothSidesAndWhyTheyEnded() throws Exception {
    Server server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(new HealthStatusManager().getHealthService())
            .build()
            .start();
    Path file =
        Files.writeString(
            folder.resolve("gateway.yaml"),
            "clusters: {echo: {endpoints: [\"127.0.0.1:"
                + server.getPort()
                + "\"]}}\nroutes: [{cluster: echo}]\n");
    try (HoldfastProcess gateway =
        HoldfastProcess.start(
            folder,
            Map.of("HOLDFAST_ADMIN", "on"),
            ("gateway --json --listen 0 --admin none --config " + file).split(" "))) {
      ManagedChannel channel = channel(port(gateway, LISTENING));
      assertThat(HealthGrpc.newBlockingStub(channel).check(HealthCheckRequest.getDefaultInstance()))
          .isEqualTo(
              HealthCheckResponse.newBuilder()
                  .setStatus(HealthCheckResponse.ServingStatus.SERVING)
                  .build());
      int service = port(gateway, SERVICE);
      assertThat(top(service, "connections"))
          .contains("\"role\":\"server\"", "\"agent\":\"grpc-java-netty/")
          .contains("\"role\":\"client\"", "\"service\":\"echo\"")
          .contains("\"peer\":\"127.0.0.1:" + server.getPort() + "\"");

      channel.shutdownNow().awaitTermination(90, TimeUnit.SECONDS);
      awaitClosed(service, "\"code\":\"HF-410\"");
      assertThat(top(service, "closed")).contains("\"protocol\":\"h2\"");

      try (Socket page = new Socket(InetAddress.getLoopbackAddress(), port(gateway, LISTENING))) {
        String request = "GET / HTTP/1.1\r\nhost: x\r\nuser-agent: a page\r\n\r\n";
        page.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        assertThat(page.getInputStream().read()).isEqualTo('H');
        assertThat(top(service, "connections"))
            .contains("\"protocol\":\"http/1.1\"", "\"agent\":\"a page\"");
      }
    } finally {
      server.shutdownNow();
    }
  }

  @Test
  void controlPlaneShowsItsConnections() throws Exception {
    Files.createDirectory(folder.resolve("services"));
    try (HoldfastProcess control =
        HoldfastProcess.start(
            folder,
            Map.of("HOLDFAST_ADMIN", "on"),
            ("control --json --listen 0 --admin 0 --registry file://" + folder + "/services")
                .split(" "))) {
      ManagedChannel channel = channel(port(control, LISTENING));
      channel.getState(true);
      int service = port(control, SERVICE);
      await()
          .atMost(PATIENCE)
          .until(() -> top(service, "connections").contains("\"role\":\"server\""));
      channel.shutdownNow().awaitTermination(90, TimeUnit.SECONDS);
      awaitClosed(service, "\"role\":\"server\"");
    }
  }

  @Test
  void anAddressThatEverybodyCouldReadIsRefusedAtTheStart() throws IOException {
    Path file = Files.writeString(folder.resolve("gateway.yaml"), "routes: []\n");
    try (HoldfastProcess gateway =
        HoldfastProcess.start(
            folder,
            Map.of("HOLDFAST_ADMIN", "0.0.0.0:0"),
            ("gateway --listen 0 --admin none --config " + file).split(" "))) {
      assertThat(gateway.exitCode()).isEqualTo(2);
      assertThat(gateway.err()).contains("without a token and without client certificates");
    }
  }

  private void awaitClosed(int service, String what) {
    await().atMost(PATIENCE).until(() -> top(service, "closed").contains(what));
  }

  private String top(int service, String view) {
    CommandRun run =
        CommandRun.of(
            "top",
            "--registry",
            "file://" + folder,
            "--admin-address",
            "127.0.0.1:" + service,
            "--view",
            view,
            "--json");
    assertThat(run.code()).as(run.err()).isZero();
    return run.out();
  }

  private static ManagedChannel channel(int port) {
    return Grpc.newChannelBuilder("127.0.0.1:" + port, InsecureChannelCredentials.create()).build();
  }

  private static int port(HoldfastProcess process, Pattern pattern) {
    process.awaitOut(out -> pattern.matcher(out).find());
    Matcher matcher = pattern.matcher(process.out());
    assertThat(matcher.find()).as(process.out() + process.err()).isTrue();
    return Integer.parseInt(matcher.group(1));
  }
}
