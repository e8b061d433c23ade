package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.local.FreePort;
import dev.holdfast.core.testkit.LogLines;
import dev.holdfast.gateway.handover.HandoverException;
import dev.holdfast.gateway.handover.HandoverServer;
import dev.holdfast.gateway.handover.Takeover;
import dev.holdfast.gateway.listener.ListenerOptions;
import dev.holdfast.gateway.listener.ListeningSocket;
import dev.holdfast.gateway.resume.ResumeSessions;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two gateways in one process, the newer of which takes the sockets of the older. */
class HandoverTest {
  @TempDir Path folder;
  private final GatewayRig rig = new GatewayRig();
  private final List<String> done = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Void> left = new CompletableFuture<>();
  private Path path;
  private HandoverServer server;
  private String endpoint;
  private Gateway older;
  private InetSocketAddress first;
  private InetSocketAddress second;

  @BeforeEach
  void open() throws IOException {
    path = folder.resolve("gateway.sock");
    endpoint = rig.serve(new Echo());
    older = rig.gateway(endpoint);
    first = free();
    second = free();
    older.listen(List.of(ListenerOptions.plaintext(first), ListenerOptions.plaintext(second)));
    server = rig.closing(HandoverServer.open(path, handoverSource()));
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void theNewerServesAtTheAddressesThatItWantsAndTheOlderLeaves() throws Exception {
    Channel before = rig.channel(first);
    call(before);
    InetSocketAddress third = free();
    Takeover takeover = rig.closing(Takeover.ask(path).orElseThrow());
    assertThat(takeover.sockets())
        .extracting(ListeningSocket::address)
        .containsExactly(first, second);
    Gateway newer =
        rig.closing(Gateway.open(options(first, third), snapshot(), takeover.sockets()));
    assertThat(older.isDraining()).isFalse();
    assertThat(takeover.serving()).isTrue();
    assertThat(done).as("what is free once the older one answered").contains("release");
    left.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertThat(done).containsExactly("release", "leave");
    older.drain().get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);

    assertThat(newer.addresses()).containsExactly(first, third);
    call(rig.channel(first));
    call(rig.channel(third));
    call(before);
    assertThatThrownBy(() -> new Socket(second.getAddress(), second.getPort()).close())
        .isInstanceOf(ConnectException.class);
    assertThat(path).doesNotExist();
  }

  @Test
  void oneThatEndsBeforeItServesChangesNothing() throws Exception {
    for (int i = 0; i < 2; i++) {
      Takeover takeover = Takeover.ask(path).orElseThrow();
      takeover.sockets().forEach(ListeningSocket::close);
      takeover.close();
    }
    call(rig.channel(first));
    call(rig.channel(second));
    assertThat(done).isEmpty();
  }

  /** The number of a descriptor that is closed twice may be somebody else's socket by then. */
  @Test
  void eachSocketIsClosedOnceByOneThatCannotOpen() throws Exception {
    Takeover takeover = rig.closing(Takeover.ask(path).orElseThrow());
    try (ServerSocket taken = FreePort.bind()) {
      InetSocketAddress inUse = new InetSocketAddress(taken.getInetAddress(), taken.getLocalPort());
      assertThatThrownBy(() -> Gateway.open(options(first, inUse), snapshot(), takeover.sockets()))
          .hasMessageContaining("listen: ");
    }
    assertThat(takeover.sockets())
        .extracting(socket -> socket.descriptor().isOpen())
        .as("the first one was closed by its channel alone")
        .containsExactly(true, false);
    call(rig.channel(first));
  }

  @Test
  void oneAtATimeTakesOver() throws Exception {
    Takeover takeover = rig.closing(Takeover.ask(path).orElseThrow());
    assertThatThrownBy(() -> Takeover.ask(path))
        .isInstanceOf(HandoverException.class)
        .hasMessage("handover: " + path + ": refused: another process is taking over");
    takeover.sockets().forEach(ListeningSocket::close);
  }

  @Test
  void oneThatClosesBeforeItsTurnIsALineInTheLog() throws Exception {
    try (LogLines lines = new LogLines(HandoverServer.class);
        SocketChannel hasItsTurn = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      hasItsTurn.write(ByteBuffer.wrap(new byte[] {1, 'A', 0, 0}));
      assertThat(hasItsTurn.read(ByteBuffer.allocate(200))).isPositive();
      SocketChannel.open(UnixDomainSocketAddress.of(path)).close();
      await()
          .atMost(Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS))
          .untilAsserted(
              () ->
                  assertThat(lines.all())
                      .containsExactly(
                          "WARN event=handover_failed gateway=serving"
                              + " reason=\"the other process closed the connection\""));
    }
  }

  @Test
  void tooManyClientsOfTheSocketAreRefusedAndBlockNobodyAfterwards() throws Exception {
    List<SocketChannel> clients = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      clients.add(SocketChannel.open(UnixDomainSocketAddress.of(path)));
    }
    int turnedAway = 0;
    for (SocketChannel each : clients.subList(1, clients.size())) {
      turnedAway += each.read(ByteBuffer.allocate(1)) < 0 ? 1 : 0;
    }
    assertThat(turnedAway).isGreaterThan(0);
    for (SocketChannel each : clients) {
      each.close();
    }
    await()
        .atMost(Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS))
        .ignoreExceptionsInstanceOf(HandoverException.class)
        .until(
            () -> {
              Optional<Takeover> taken = Takeover.ask(path);
              taken.ifPresent(
                  takeover -> {
                    takeover.sockets().forEach(ListeningSocket::close);
                    takeover.close();
                  });
              return taken.isPresent();
            });
  }

  @Test
  void whoseOlderEndsBeforeItGaveItsSocketsIsTheFirst() throws Exception {
    Path dying = folder.resolve("dying.sock");
    try (ServerSocketChannel older = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      older.bind(UnixDomainSocketAddress.of(dying));
      CompletableFuture<Optional<Takeover>> asked =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return Takeover.ask(dying);
                } catch (IOException | InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              });
      try (SocketChannel newer = older.accept()) {
        assertThat(newer.read(ByteBuffer.allocate(4))).isPositive();
      }
      assertThat(asked.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)).isEmpty();
    }
  }

  @Test
  void whoseOlderEndsBeforeItAnsweredServes() throws Exception {
    Takeover takeover = rig.closing(Takeover.ask(path).orElseThrow());
    server.close();
    assertThat(takeover.serving()).isTrue();
    takeover.sockets().forEach(ListeningSocket::close);
  }

  @Test
  void listenersThatChangeMeanwhileAreNotHandedOver() throws Exception {
    try (SocketChannel newer = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      newer.write(ByteBuffer.wrap(new byte[] {1, 'A', 0, 0}));
      ByteBuffer list = ByteBuffer.allocate(200);
      assertThat(newer.read(list)).isPositive();
      assertThat(list.get(1)).isEqualTo((byte) 'L');
      older.listen(List.of(ListenerOptions.plaintext(first)));
      newer.write(ByteBuffer.wrap(new byte[] {1, 'F', 0, 0}));
      assertThat(newer.read(ByteBuffer.allocate(1))).isEqualTo(-1);
    }
    call(rig.channel(first));
  }

  @Test
  void moreSocketsThanCanBeHandedOverStayWhereTheyAre() throws Exception {
    List<ListenerOptions> many = new ArrayList<>();
    for (int i = 0; i < 65; i++) {
      many.add(ListenerOptions.plaintext(free()));
    }
    older.listen(many);
    assertThatThrownBy(() -> Takeover.ask(path))
        .hasMessage("handover: " + path + ": refused: 65 sockets (expected: 1 to 64)");
  }

  @Test
  void anotherVersionIsRefusedInClearText() throws Exception {
    try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      client.write(ByteBuffer.wrap(new byte[] {2, 'A', 0, 0}));
      ByteBuffer answer = ByteBuffer.allocate(200);
      while (client.read(answer) >= 0) {
        assertThat(answer.hasRemaining()).isTrue();
      }
      assertThat(new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8))
          .startsWith("\u0001N")
          .endsWith("version: 2 of the handover (expected: 1)");
    }
    try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      client.write(ByteBuffer.wrap(new byte[] {1, 'S', 0, 0}));
      ByteBuffer answer = ByteBuffer.allocate(200);
      assertThat(client.read(answer)).isPositive();
      assertThat(new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8))
          .startsWith("\u0001N")
          .endsWith("message: S (expected: A)");
    }
    call(rig.channel(first));
  }

  @Test
  void aProcessOfAnEarlierReleaseIsToldAddressesAlone() throws Exception {
    try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      client.write(ByteBuffer.wrap(new byte[] {1, 'A', 0, 0}));
      ByteBuffer answer = ByteBuffer.allocate(200);
      assertThat(client.read(answer)).isPositive();
      assertThat(new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8))
          .startsWith("\u0001L")
          .endsWith(first.getPort() + "\n127.0.0.1:" + second.getPort());
    }
    try (Takeover takeover = Takeover.ask(path).orElseThrow()) {
      assertThat(takeover.readers()).singleElement().satisfies(it -> assertThat(it).exists());
      takeover.sockets().forEach(ListeningSocket::close);
    }
  }

  @Test
  void aMessageWithoutEndIsNotReadToItsEnd() throws Exception {
    try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      client.write(ByteBuffer.wrap(new byte[] {1, 'A', -1, -1}));
      assertThat(client.read(ByteBuffer.allocate(1))).isEqualTo(-1);
    }
    call(rig.channel(first));
  }

  @Test
  void aGatewayThatDrainsHandsNothingOver() throws Exception {
    older.drain().get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertThatThrownBy(() -> Takeover.ask(path)).hasMessageContaining("refused: 0 sockets");
  }

  @Test
  void theSocketOfAGatewayThatWasKilledIsNobody() throws Exception {
    Path stale = folder.resolve("stale.sock");
    try (ServerSocketChannel killed = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      killed.bind(UnixDomainSocketAddress.of(stale));
    }
    assertThat(Takeover.ask(stale)).isEmpty();
    rig.closing(HandoverServer.open(stale, handoverSource()));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(stale)))
        .isEqualTo("rw-------");
    Takeover takeover = rig.closing(Takeover.ask(stale).orElseThrow());
    takeover.sockets().forEach(ListeningSocket::close);
  }

  @Test
  void untrustedUsersCanPutNothingThere() throws Exception {
    Path shared = Files.createDirectory(folder.resolve("shared"));
    Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThatThrownBy(() -> Takeover.check(shared.resolve("g.sock")))
        .hasMessageContaining("its folder may be written by others: rwxrwxrwx (expected: ");
    assertThatThrownBy(() -> HandoverServer.open(shared.resolve("g.sock"), handoverSource()))
        .hasMessageContaining("its folder may be written by others: rwxrwxrwx (expected: ");
    Takeover.check(folder.resolve("new/g.sock"));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("new"))))
        .isEqualTo("rwx------");
    Path file = Files.writeString(folder.resolve("file"), "");
    assertThatThrownBy(() -> Takeover.check(file)).hasMessageContaining(": no socket (expected: ");
    assertThatThrownBy(() -> Takeover.check(folder.resolve("a".repeat(120))))
        .hasMessageContaining("(expected: at most 107)");
  }

  private HandoverServer.HandoverSource handoverSource() {
    return new HandoverServer.HandoverSource(
        older,
        new ResumeSessions(),
        () -> done.add("release"),
        () -> {
          done.add("leave");
          left.complete(null);
        });
  }

  private GatewaySnapshot snapshot() {
    return rig.snapshot(endpoint);
  }

  private GatewayOptions options(InetSocketAddress... addresses) {
    return GatewayOptions.listeningAt(
            List.of(addresses).stream().map(ListenerOptions::plaintext).toList())
        .withThreads(1)
        .withMeters(rig.meters);
  }

  private static InetSocketAddress free() throws IOException {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), FreePort.find());
  }

  private static void call(Channel channel) {
    byte[] answer =
        ClientCalls.blockingUnaryCall(channel, Echo.UNARY, CallOptions.DEFAULT, new byte[] {7});
    assertThat(answer).containsExactly(7);
  }
}
