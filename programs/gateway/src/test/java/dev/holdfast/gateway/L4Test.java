package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.testkit.RefusingPort;
import dev.holdfast.core.testkit.TestCertificate;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.listener.L4Options;
import dev.holdfast.gateway.listener.ListenerOptions;
import dev.holdfast.gateway.tls.ServerNames;
import dev.holdfast.gateway.tls.TlsContexts;
import dev.holdfast.gateway.traffic.ConnectionProtocol;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.stub.ClientCalls;
import io.micrometer.core.instrument.Counter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A listener that takes anything: bare sockets in front, bare sockets and real servers behind. */
class L4Test {
  private static final int PATIENCE_MILLIS = 30_000;
  private static final ServerNames<String> NO_NAMES = new ServerNames<>(Map.of());

  @TempDir Path folder;
  private final HeardConnections heard = new HeardConnections();
  private final GatewayRig rig = new GatewayRig().connections(heard);
  private final Map<String, Cluster> clusters = new HashMap<>();

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void whoeverSpeaksFirstIsHeardAndEachSideEndsWhenItWants() throws Exception {
    try (ServerSocket server = server()) {
      cluster("db", at(server));
      Gateway gateway = gateway(terms("db", true));
      try (Socket client = connected(gateway);
          Socket accepted = server.accept()) {
        byte[] header = accepted.getInputStream().readNBytes(28);
        assertThat(header).startsWith(0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51);
        assertThat(ByteBuffer.wrap(header).getShort(24) & 0xffff).isEqualTo(client.getLocalPort());
        accepted.getOutputStream().write(bytes("server first "));
        assertThat(client.getInputStream().readNBytes(13)).isEqualTo(bytes("server first "));
        client.getOutputStream().write(bytes("and a question"));
        client.shutdownOutput();
        assertThat(text(accepted)).isEqualTo("and a question");
        accepted.getOutputStream().write(bytes("an answer after the end"));
        accepted.close();
        assertThat(text(client)).isEqualTo("an answer after the end");
      }
      await().untilAsserted(() -> assertThat(ended("db", "closed")).isEqualTo(1));
      assertThat(heard.only("").ends.protocol()).isEqualTo(ConnectionProtocol.TCP);
      assertThat(heard.only("").end()).isEqualTo(CloseReason.CLOSED_BY_PEER);
      assertThat(moved("sent")).isEqualTo(14);
      assertThat(moved("received")).isEqualTo(36);
    }
  }

  @Test
  void aLongAnswerAfterTheEndOfItsQuestionComesToTheEnd() throws Exception {
    byte[] answer = new byte[16 << 20];
    new Random(7).nextBytes(answer);
    try (ServerSocket server = server()) {
      cluster("db", at(server));
      Gateway gateway = gateway(terms("db", false));
      try (Socket client = connected(gateway)) {
        client.getOutputStream().write(bytes("all of it"));
        client.shutdownOutput();
        try (Socket accepted = server.accept()) {
          assertThat(text(accepted)).isEqualTo("all of it");
          CompletableFuture<Void> writes =
              CompletableFuture.runAsync(
                  () -> {
                    try (accepted) {
                      accepted.getOutputStream().write(answer);
                    } catch (IOException e) {
                      throw new UncheckedIOException(e);
                    }
                  });
          assertThat(client.getInputStream().readNBytes(answer.length + 1)).isEqualTo(answer);
          writes.join();
        }
      }
      await().untilAsserted(() -> assertThat(ended("db", "closed")).isEqualTo(1));
    }
  }

  @Test
  void http2IsBalancedAsEverywhereAndTheRestIsNot() throws Exception {
    Gateway gateway = gateway(terms("db", false));
    assertThat(call(rig.channel(gateway))).isEqualTo("hi");
    assertThat(RawTcpClient.answer(connected(gateway), bytes("GET / HTTP/1.1\r\n\r\n"))).isEmpty();
    await().untilAsserted(() -> assertThat(ended("db", "no_cluster")).isEqualTo(1));
  }

  @Test
  void tlsIsPassedThroughByNameAndTakenOffForAllOthers() throws Exception {
    TlsRig tls = new TlsRig(folder);
    TestCertificate own = tls.issue("else.test");
    cluster("secret", tls.serve(rig, new Echo(), tls.issue("shop.example")));
    try (ServerSocket server = server()) {
      cluster("db", at(server));
      L4Options terms =
          new L4Options(Optional.of("db"), new ServerNames<>(Map.of("*.example", "secret")), false);
      TlsContexts ring = rig.closing(TlsContexts.open(rig.meters));
      Gateway gateway =
          gateway(
              ListenerOptions.tls(TlsRig.loopback(), ring.server(tls.plain(TlsRig.identity(own))))
                  .withL4(terms));
      // Only the server behind asks for a certificate.
      assertThat(call(tls.client(rig, gateway.address(), tls.issue(), "shop.example")))
          .isEqualTo("hi");
      try (SSLSocket client = tls.socket(gateway.address(), "TLSv1.3", "", "else.test");
          Socket accepted = server.accept()) {
        assertThat(client.getSession().getPeerCertificates()[0])
            .isEqualTo(TlsRig.read(own.certificate()));
        client.getOutputStream().write(bytes("a secret"));
        client.shutdownOutput();
        assertThat(text(accepted)).isEqualTo("a secret");
        accepted.getOutputStream().write(bytes("well kept"));
        accepted.close();
        assertThat(text(client)).isEqualTo("well kept");
      }
      await().untilAsserted(() -> assertThat(ended("db", "closed")).isEqualTo(1));
      assertThat(RawTcpClient.answer(connected(gateway), bytes("no TLS"))).isEmpty();
      byte[] garbage = new byte[70_000];
      System.arraycopy(new byte[] {0x16, 3, 1, 0x10, 0, 1, 1, 0, 0}, 0, garbage, 0, 9);
      // An alert is all that it may be answered.
      assertThat(RawTcpClient.answer(connected(gateway), garbage).length()).isLessThan(20);
      await()
          .untilAsserted(
              () -> {
                assertThat(ended("none", "plaintext")).isEqualTo(1);
                assertThat(ended("none", "malformed")).isEqualTo(1);
              });
    }
  }

  @Test
  void anEndpointThatIsNotThereCostsNothing() throws Exception {
    try (RefusingPort one = new RefusingPort();
        RefusingPort two = new RefusingPort();
        ServerSocket server = server()) {
      cluster("db", one.toString(), two.toString(), at(server));
      cluster("gone", one.toString(), two.toString());
      Gateway gateway = gateway(terms("db", false));
      for (int i = 0; i < 20; i++) {
        try (Socket client = connected(gateway)) {
          client.getOutputStream().write(i);
          try (Socket accepted = server.accept()) {
            assertThat(accepted.getInputStream().read()).isEqualTo(i);
          }
        }
      }
      assertThat(rig.meters.get("holdfast.gateway.ejected").counters()).isNotEmpty();
      gateway.listen(
          List.of(ListenerOptions.plaintext(TlsRig.loopback()).withL4(terms("gone", false))));
      try (Socket client = connected(gateway)) {
        assertThatThrownBy(() -> client.getInputStream().read())
            .isInstanceOf(SocketException.class)
            .hasMessageContaining("reset");
      }
      assertThat(ended("gone", "no_connection")).isEqualTo(1);
    }
  }

  @Test
  void whoDoesNotReadHoldsBackWhoSendsAndNothingIsLost() throws Exception {
    try (ServerSocket server = server()) {
      cluster("db", at(server));
      Gateway gateway = gateway(terms("db", false));
      try (Socket client = connected(gateway)) {
        client.getOutputStream().write(1);
        try (Socket accepted = server.accept();
            SocketChannel fast = SocketChannel.open()) {
          assertThat(accepted.getInputStream().read()).isEqualTo(1);
          fast.connect(gateway.address());
          fast.configureBlocking(false);
          try (Socket slow = server.accept()) {
            int sent = flood(fast);
            assertThat(sent).isLessThan(MOST_BYTES);
            fast.shutdownOutput();
            byte[] read = slow.getInputStream().readAllBytes();
            assertThat(read).hasSize(sent);
            assertThat(read[sent - 1]).isEqualTo((byte) (sent - 1));
          }
          // Another one is served all the same.
          accepted.getOutputStream().write(2);
          assertThat(client.getInputStream().read()).isEqualTo(2);
        }
      }
    }
  }

  @Test
  void whatIsCutOffIsCutOffOnTheOtherSide() throws Exception {
    try (ServerSocket server = server()) {
      cluster("db", at(server));
      Gateway gateway = gateway(terms("db", false));
      for (boolean byServer : new boolean[] {true, false}) {
        try (Socket client = connected(gateway)) {
          client.getOutputStream().write(1);
          try (Socket accepted = server.accept()) {
            accepted.setSoTimeout(PATIENCE_MILLIS);
            assertThat(accepted.getInputStream().read()).isEqualTo(1);
            Socket ends = byServer ? accepted : client;
            Socket hears = byServer ? client : accepted;
            ends.setSoLinger(true, 0);
            ends.close();
            assertThatThrownBy(() -> hears.getInputStream().read())
                .isInstanceOf(SocketException.class);
          }
        }
      }
      await().untilAsserted(() -> assertThat(ended("db", "reset")).isEqualTo(2));
    }
  }

  @Test
  void silenceAndADrainEndIt() throws Exception {
    rig.limits(
        new GatewayLimits(
            128, 16_384, 65_535, 65_535, Duration.ofMillis(300), Duration.ofSeconds(1)));
    try (ServerSocket server = server()) {
      cluster("db", at(server));
      Gateway gateway = gateway(terms("db", false));
      try (Socket client = connected(gateway);
          Socket accepted = server.accept()) {
        assertThat(RawTcpClient.isEnded(client)).isTrue();
        assertThat(RawTcpClient.isEnded(accepted)).isTrue();
      }
      assertThat(rig.met("idle")).isEqualTo(1);
      assertThat(ended("db", "idle")).isEqualTo(1);
      assertThat(heard.only("").end()).isEqualTo(CloseReason.MAX_IDLE);

      Gateway picky =
          gateway(
              ListenerOptions.plaintext(TlsRig.loopback())
                  .withL4(new L4Options(Optional.empty(), NO_NAMES, false)));
      try (Socket client = connected(picky)) {
        client.getOutputStream().write(bytes("PRI"));
        assertThat(RawTcpClient.isEnded(client)).isTrue();
      }
      assertThat(rig.met("handshake")).isEqualTo(1);

      try (Socket client = connected(gateway);
          Socket accepted = server.accept()) {
        accepted.getOutputStream().write(1);
        assertThat(client.getInputStream().read()).isEqualTo(1);
        gateway.close();
        assertThat(RawTcpClient.isEnded(client)).isTrue();
        assertThat(RawTcpClient.isEnded(accepted)).isTrue();
      }
      assertThat(ended("db", "drain")).isEqualTo(1);
      assertThat(heard.opened.get(1).end()).isEqualTo(CloseReason.DRAINING);
    }
  }

  private static final int MOST_BYTES = 64 << 20;

  /** Sends until nobody has taken anything for a while. */
  private static int flood(SocketChannel channel) throws IOException {
    ByteBuffer chunk = ByteBuffer.allocate(65_536);
    int sent = 0;
    try (Selector selector = Selector.open()) {
      channel.register(selector, SelectionKey.OP_WRITE);
      while (sent < MOST_BYTES && selector.select(400) > 0) {
        selector.selectedKeys().clear();
        chunk.clear();
        for (int i = 0; i < chunk.capacity(); i++) {
          chunk.put((byte) (sent + i));
        }
        sent += channel.write(chunk.flip());
      }
    }
    return sent;
  }

  private static L4Options terms(String cluster, boolean announce) {
    return new L4Options(Optional.of(cluster), NO_NAMES, announce);
  }

  private Gateway gateway(L4Options terms) throws IOException {
    return gateway(ListenerOptions.plaintext(TlsRig.loopback()).withL4(terms));
  }

  /** Calls of gRPC go to an echo. */
  private Gateway gateway(ListenerOptions listenerOptions) throws IOException {
    GatewaySnapshot calls = rig.snapshot(rig.serve(new Echo()));
    clusters.putAll(calls.clusters());
    Gateway gateway = rig.gateway(new GatewaySnapshot(calls.router(), clusters, calls.limits()));
    gateway.listen(List.of(listenerOptions));
    return gateway;
  }

  private void cluster(String name, String... endpoints) {
    EndpointSet set = EndpointSet.of(Stream.of(endpoints).map(Endpoint::of).toList());
    clusters.put(name, Cluster.fixed(name, set, GatewayRig.PATIENT));
  }

  private static ServerSocket server() throws IOException {
    ServerSocket server = new ServerSocket(0, 50, TlsRig.loopback().getAddress());
    server.setSoTimeout(PATIENCE_MILLIS);
    return server;
  }

  private static String at(ServerSocket server) {
    return "127.0.0.1:" + server.getLocalPort();
  }

  private static Socket connected(Gateway gateway) throws IOException {
    Socket socket = new Socket();
    socket.connect(gateway.address());
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  private static String call(Channel channel) {
    byte[] answer =
        ClientCalls.blockingUnaryCall(channel, Echo.UNARY, CallOptions.DEFAULT, bytes("hi"));
    return new String(answer, StandardCharsets.UTF_8);
  }

  private double ended(String cluster, String reason) {
    return rig
        .meters
        .find("holdfast.gateway.l4.ended")
        .tags("cluster", cluster, "reason", reason)
        .counters()
        .stream()
        .mapToDouble(Counter::count)
        .sum();
  }

  private double moved(String direction) {
    return rig.meters
        .get("holdfast.gateway.l4.bytes")
        .tag("direction", direction)
        .counter()
        .count();
  }

  private static String text(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
