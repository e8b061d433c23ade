package dev.holdfast.cli.systemd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.awaitility.Awaitility.await;

import io.netty.channel.unix.DomainDatagramSocketAddress;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Notifications as a service manager receives them, on datagram sockets of the kernel. */
class ServiceNotifierTest {
  private static final int MAX_BYTES = 4_096;

  @TempDir private Path scratch;
  private Socket manager;

  @BeforeEach
  void openSocket() {
    // Of its own static constructor, so that the native library is loaded.
    assertThat(io.netty.channel.epoll.Epoll.isAvailable()).isTrue();
    manager = Socket.newSocketDomainDgram();
  }

  @AfterEach
  void closeSocket() throws IOException {
    manager.close();
  }

  @Test
  void statesReachTheSocketThatTheVariableNames() throws IOException {
    Path path = scratch.resolve("notify");
    manager.bind(new DomainSocketAddress(path.toFile()));
    ServiceNotifier notifier = notifier(path.toString());

    notifier.mainProcess();
    notifier.ready("serving on 127.0.0.1:8080");
    notifier.stopping("draining");

    assertThat(received()).isEqualTo("MAINPID=" + ProcessHandle.current().pid());
    assertThat(received()).isEqualTo("READY=1\nSTATUS=serving on 127.0.0.1:8080");
    assertThat(received()).isEqualTo("STOPPING=1\nSTATUS=draining");
  }

  @Test
  void reloadHasTheMonotonicTimeOfTheKernel() throws IOException {
    Path path = scratch.resolve("notify");
    manager.bind(new DomainSocketAddress(path.toFile()));

    long beforeMicros = TimeUnit.NANOSECONDS.toMicros(System.nanoTime());
    notifier(path.toString()).reloading();

    List<String> lines = received().lines().toList();
    assertThat(lines.get(0)).isEqualTo("RELOADING=1");
    assertThat(lines.get(1)).startsWith("MONOTONIC_USEC=");
    long micros = Long.parseLong(lines.get(1).substring("MONOTONIC_USEC=".length()));
    assertThat(micros).isBetween(beforeMicros, TimeUnit.NANOSECONDS.toMicros(System.nanoTime()));
  }

  @Test
  void nameInTheAbstractNamespaceIsAnAddressToo() throws IOException {
    String name = "holdfast-test-" + UUID.randomUUID();
    manager.bind(new DomainSocketAddress('\0' + name));

    notifier("@" + name).ready("up");

    assertThat(received()).isEqualTo("READY=1\nSTATUS=up");
  }

  @Test
  void processThatWasHandedOverSaysNothingMore() throws IOException {
    Path path = scratch.resolve("notify");
    manager.bind(new DomainSocketAddress(path.toFile()));
    ServiceNotifier old = notifier(path.toString());

    old.handedOver();
    old.stopping("draining");
    notifier(path.toString()).ready("the new one");

    assertThat(received()).isEqualTo("READY=1\nSTATUS=the new one");
  }

  @Test
  void notificationThatFailsStopsNothing() {
    for (String socket : List.of("", "relative/path", "vsock:2:1234", scratch + "/missing")) {
      assertThatCode(() -> notifier(socket).ready("up")).as(socket).doesNotThrowAnyException();
    }
  }

  @Test
  void fullSocketIsWaitedForAndThenGivenUp() throws Exception {
    Path path = scratch.resolve("notify");
    manager.bind(new DomainSocketAddress(path.toFile()));
    ServiceNotifier notifier = notifier(path.toString());

    // The kernel keeps a few datagrams (net.unix.max_dgram_qlen) for a socket that nobody reads.
    CompletableFuture<Void> fills =
        CompletableFuture.runAsync(() -> notifier.ready("x".repeat(MAX_BYTES)));
    fills.get(60, TimeUnit.SECONDS);
    int sent = 1;
    long startNanos = System.nanoTime();
    while (Duration.ofNanos(System.nanoTime() - startNanos).compareTo(ServiceNotifier.SEND_TIMEOUT)
        < 0) {
      notifier.ready("again");
      sent++;
      assertThat(sent).as("datagrams that no one read").isLessThan(100_000);
    }

    assertThat(received()).startsWith("READY=1");
  }

  private static ServiceNotifier notifier(String socket) {
    return ServiceNotifier.of(Map.of(ServiceNotifier.VARIABLE, socket));
  }

  private String received() throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(MAX_BYTES);
    DomainDatagramSocketAddress[] sender = new DomainDatagramSocketAddress[1];
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> {
              sender[0] = manager.recvFromDomainSocket(buffer, 0, MAX_BYTES);
              return sender[0] != null;
            });
    byte[] bytes = new byte[sender[0].receivedAmount()];
    buffer.get(0, bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
