package dev.holdfast.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TcpRelayTest {
  private static final int QUICK_MILLIS = 300;

  private ServerSocket target;
  private TcpRelay relay;

  @BeforeEach
  void open() throws IOException {
    target = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    relay = TcpRelay.toPort(target.getLocalPort());
  }

  @AfterEach
  void close() throws IOException {
    relay.close();
    target.close();
  }

  @Test
  void bytesGoThroughBothWaysAndAreCounted() throws Exception {
    try (Pair pair = connect()) {
      pair.clientSays("hello");
      assertThat(pair.serverHears(5)).isEqualTo("hello");
      pair.serverSays("hi");
      assertThat(pair.clientHears(2)).isEqualTo("hi");
    }
    assertThat(relay.byteCount(RelayDirection.TO_SERVER)).isEqualTo(5);
    assertThat(relay.byteCount(RelayDirection.TO_CLIENT)).isEqualTo(2);
    assertThat(relay.acceptedCount()).isEqualTo(1);
  }

  @Test
  void manyBytesArriveWholeAndTheEndOfTheStreamBehindThem() throws Exception {
    byte[] bytes = new byte[8 * 1024 * 1024];
    new Random(7).nextBytes(bytes);
    try (Pair pair = connect()) {
      CompletableFuture<Void> sent =
          CompletableFuture.runAsync(
              () -> {
                try {
                  pair.client.getOutputStream().write(bytes);
                  pair.client.shutdownOutput();
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              });
      assertThat(pair.server.getInputStream().readAllBytes()).isEqualTo(bytes);
      sent.join();
      // Half-closed: the other direction is still good.
      pair.serverSays("done");
      assertThat(pair.clientHears(4)).isEqualTo("done");
      pair.server.shutdownOutput();
      assertThat(pair.client.getInputStream().read()).isEqualTo(-1);
    }
    soon().until(() -> relay.connections().isEmpty());
  }

  @Test
  void aCutResetsBothSides() throws Exception {
    try (Pair pair = connect()) {
      relay.cut();

      assertThatThrownBy(() -> pair.client.getInputStream().read())
          .isInstanceOf(SocketException.class);
      assertThatThrownBy(() -> pair.server.getInputStream().read())
          .isInstanceOf(SocketException.class);
      assertThat(relay.connections()).isEmpty();
    }
  }

  @Test
  void aCloseEndsBothStreams() throws Exception {
    try (Pair pair = connect()) {
      relay.closeConnections();

      assertThat(pair.client.getInputStream().read()).isEqualTo(-1);
      assertThat(pair.server.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void aStalledDirectionIsSilentWhileTheOtherGoesOn() throws Exception {
    try (Pair pair = connect()) {
      relay.stall(RelayDirection.TO_SERVER);
      pair.clientSays("lost?");
      pair.serverSays("hi");

      assertThat(pair.clientHears(2)).isEqualTo("hi");
      pair.assertServerHearsNothing();
      relay.heal();
      assertThat(pair.serverHears(5)).isEqualTo("lost?");
    }
  }

  @Test
  void aStallHidesThatTheOtherSideIsGone() throws Exception {
    try (Pair pair = connect()) {
      relay.stall();
      pair.server.setSoLinger(true, 0);
      pair.server.close();

      pair.assertClientHearsNothing();
      relay.heal();
      assertThatThrownBy(
              () -> {
                if (pair.client.getInputStream().read() < 0) {
                  throw new SocketException("ended");
                }
              })
          .isInstanceOf(SocketException.class);
    }
  }

  @Test
  void aStallHoldsForNewConnectionsUntilHealed() throws Exception {
    relay.stall();
    try (Pair pair = connect()) {
      pair.clientSays("hello");
      pair.assertServerHearsNothing();
      relay.heal();
      assertThat(pair.serverHears(5)).isEqualTo("hello");
    }
  }

  @Test
  void aStalledConnectionTakesLittleMemoryAndThenDeliversEverything() throws Exception {
    byte[] bytes = new byte[16 * 1024 * 1024];
    new Random(8).nextBytes(bytes);
    try (Pair pair = connect()) {
      relay.stall(RelayDirection.TO_SERVER);
      CompletableFuture<Void> sent =
          CompletableFuture.runAsync(
              () -> {
                try {
                  pair.client.getOutputStream().write(bytes);
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              });
      pair.assertServerHearsNothing();
      assertThat(sent).isNotDone();
      relay.heal();
      assertThat(pair.server.getInputStream().readNBytes(bytes.length)).isEqualTo(bytes);
      sent.join();
    }
  }

  @Test
  void oneConnectionCanBeStalledAlone() throws Exception {
    try (Pair first = connect();
        Pair second = connect()) {
      relay.connections().get(0).stall();
      first.clientSays("a");
      second.clientSays("b");

      assertThat(second.serverHears(1)).isEqualTo("b");
      first.assertServerHearsNothing();
      assertThat(relay.connections().get(1).byteCount(RelayDirection.TO_SERVER)).isEqualTo(1);
      relay.connections().get(0).heal();
      assertThat(first.serverHears(1)).isEqualTo("a");
    }
  }

  @Test
  void newConnectionsAreRefusedWhileOpenOnesStay() throws Exception {
    try (Pair pair = connect()) {
      relay.refuseNew();
      assertThatThrownBy(
              () -> {
                try (Socket refused = new Socket()) {
                  refused.connect(relay.address(), 5_000);
                  if (refused.getInputStream().read() < 0) {
                    throw new SocketException("ended");
                  }
                }
              })
          .isInstanceOf(SocketException.class);
      assertThat(relay.refusedCount()).isEqualTo(1);
      pair.clientSays("still here");
      assertThat(pair.serverHears(10)).isEqualTo("still here");
      relay.heal();
    }
    connect().close();
  }

  @Test
  void aRelayThatStoppedListeningIsRefusedByTheKernelUntilHealed() throws Exception {
    relay.stopListening();
    try (Socket refused = new Socket()) {
      assertThatThrownBy(() -> refused.connect(relay.address(), 5_000))
          .isInstanceOf(ConnectException.class);
    }
    relay.heal();
    connect().close();
  }

  @Test
  void aDelayHoldsBackAndKeepsTheOrder() throws Exception {
    try (Pair pair = connect()) {
      relay.delay(RelayDirection.TO_SERVER, Duration.ofMillis(200));
      long beganNanos = System.nanoTime();
      pair.clientSays("one ");
      pair.clientSays("two");

      assertThat(pair.serverHears(7)).isEqualTo("one two");
      assertThat(Duration.ofNanos(System.nanoTime() - beganNanos))
          .isBetween(Duration.ofMillis(195), Duration.ofSeconds(5));
    }
  }

  @Test
  void aLimitStallsAfterExactlySoManyBytes() throws Exception {
    relay.limit(RelayDirection.TO_SERVER, 3);
    try (Pair pair = connect()) {
      pair.clientSays("abcdef");
      assertThat(pair.serverHears(3)).isEqualTo("abc");
      pair.assertServerHearsNothing();
      relay.limit(RelayDirection.TO_SERVER, 1);
      assertThat(pair.serverHears(1)).isEqualTo("d");
      relay.heal();
      assertThat(pair.serverHears(2)).isEqualTo("ef");
    }
  }

  @Test
  void aTargetThatIsDownResetsTheClient() throws Exception {
    target.close();
    try (Socket client = new Socket()) {
      client.setSoTimeout(10_000);
      assertThatThrownBy(
              () -> {
                client.connect(relay.address(), 5_000);
                if (client.getInputStream().read() < 0) {
                  throw new SocketException("ended");
                }
              })
          .isInstanceOf(SocketException.class);
    }
  }

  @Test
  void newConnectionsGoToTheTargetOfTheDay() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      relay.retarget((InetSocketAddress) other.getLocalSocketAddress());
      try (Pair pair = connectTo(other)) {
        pair.clientSays("x");
        assertThat(pair.serverHears(1)).isEqualTo("x");
      }
    }
  }

  private Pair connect() throws IOException {
    return connectTo(target);
  }

  private Pair connectTo(ServerSocket listening) throws IOException {
    Socket client = new Socket();
    client.connect(relay.address(), 5_000);
    listening.setSoTimeout(10_000);
    Socket server = listening.accept();
    client.setSoTimeout(10_000);
    server.setSoTimeout(10_000);
    return new Pair(client, server);
  }

  private static ConditionFactory soon() {
    return await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(5));
  }

  /** Both ends of a relayed connection. */
  private record Pair(Socket client, Socket server) implements AutoCloseable {
    void clientSays(String text) throws IOException {
      say(client.getOutputStream(), text);
    }

    void serverSays(String text) throws IOException {
      say(server.getOutputStream(), text);
    }

    String serverHears(int bytes) throws IOException {
      return hear(server.getInputStream(), bytes);
    }

    String clientHears(int bytes) throws IOException {
      return hear(client.getInputStream(), bytes);
    }

    void assertServerHearsNothing() throws IOException {
      assertSilent(server);
    }

    void assertClientHearsNothing() throws IOException {
      assertSilent(client);
    }

    @Override
    public void close() throws IOException {
      client.close();
      server.close();
    }

    private static void say(OutputStream out, String text) throws IOException {
      out.write(text.getBytes(StandardCharsets.US_ASCII));
      out.flush();
    }

    private static String hear(InputStream in, int bytes) throws IOException {
      return new String(in.readNBytes(bytes), StandardCharsets.US_ASCII);
    }

    private static void assertSilent(Socket socket) throws IOException {
      int before = socket.getSoTimeout();
      socket.setSoTimeout(QUICK_MILLIS);
      assertThatThrownBy(() -> socket.getInputStream().read())
          .isInstanceOf(SocketTimeoutException.class);
      socket.setSoTimeout(before);
    }
  }
}
