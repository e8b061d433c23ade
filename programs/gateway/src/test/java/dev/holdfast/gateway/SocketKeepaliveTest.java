package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.listener.L4Options;
import dev.holdfast.gateway.listener.ListenerOptions;
import dev.holdfast.gateway.tls.ServerNames;
import dev.holdfast.liveness.LivenessOptions;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Who probes quiet connections that have no PING: the kernel, as it tells itself. */
@EnabledOnOs(OS.LINUX)
class SocketKeepaliveTest {
  private static final int PATIENCE_MILLIS = 30_000;
  private static final Duration KEEP_IDLE = LivenessOptions.DEFAULT.tcp().keepIdle();
  private static final long TICKS_PER_SECOND = 100;
  private static final int LOCAL = 1;
  private static final int REMOTE = 2;
  private static final int TIMER = 5;

  private final GatewayRig rig = new GatewayRig();

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void bothSocketsOfAConnectionThatIsPassedThroughAreKeptAlive() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 50, TlsRig.loopback().getAddress())) {
      server.setSoTimeout(PATIENCE_MILLIS);
      EndpointSet set = EndpointSet.of(List.of(Endpoint.of("127.0.0.1:" + server.getLocalPort())));
      Cluster cluster = Cluster.fixed("db", set, GatewayRig.PATIENT);
      Gateway gateway =
          rig.gateway(
              new GatewaySnapshot(head -> null, Map.of("db", cluster), GatewayLimits.DEFAULT));
      L4Options terms = new L4Options(Optional.of("db"), new ServerNames<>(Map.of()), false);
      gateway.listen(List.of(ListenerOptions.plaintext(TlsRig.loopback()).withL4(terms)));
      try (Socket client = connected(gateway);
          Socket accepted = server.accept()) {
        accepted.getOutputStream().write(1);
        assertThat(client.getInputStream().read()).isEqualTo(1);
        awaitKeptAlive(client.getPort(), client.getLocalPort());
        awaitKeptAlive(accepted.getPort(), accepted.getLocalPort());
      }
    }
  }

  @Test
  void aConnectionOfHttp1IsKeptAlive() throws Exception {
    Gateway gateway = FrontendRig.open(rig, FrontendRig.KNOWN, rig.serve(new Greetings()));
    try (Socket client = connected(gateway)) {
      String request = "GET /v1/hello/z HTTP/1.1\r\nhost: x\r\n\r\n";
      client.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      assertThat(client.getInputStream().read()).isEqualTo('H');
      awaitKeptAlive(client.getPort(), client.getLocalPort());
    }
  }

  private static Socket connected(Gateway gateway) throws IOException {
    Socket socket = new Socket(gateway.address().getAddress(), gateway.address().getPort());
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  /** Until the kernel has a probe due for the socket, and not in the two hours of its default. */
  private static void awaitKeptAlive(int local, int remote) {
    await()
        .untilAsserted(
            () ->
                assertThat(timer(local, remote))
                    .startsWith("02:")
                    .satisfies(
                        timer ->
                            assertThat(Long.parseLong(timer.substring(3), 16))
                                .isLessThanOrEqualTo(KEEP_IDLE.toSeconds() * TICKS_PER_SECOND)));
  }

  /** The timer of a socket and its ticks: 00 none, 01 sends again, 02 keepalive. */
  private static String timer(int local, int remote) throws IOException {
    for (String family : List.of("tcp", "tcp6")) {
      try (Stream<String> lines = Files.lines(Path.of("/proc/net", family))) {
        Optional<String> found =
            lines
                .map(line -> line.strip().split(" +"))
                .filter(fields -> isPort(fields[LOCAL], local) && isPort(fields[REMOTE], remote))
                .map(fields -> fields[TIMER])
                .findFirst();
        if (found.isPresent()) {
          return found.get();
        }
      }
    }
    return "no such socket";
  }

  private static boolean isPort(String address, int port) {
    return address.endsWith(String.format(":%04X", port));
  }
}
