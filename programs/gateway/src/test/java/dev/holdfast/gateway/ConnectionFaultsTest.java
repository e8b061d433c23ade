package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.testkit.LogLines;
import dev.holdfast.gateway.limits.ConnectionFaults;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.listener.ProtocolDetector;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.liveness.ConnectionRole;
import dev.holdfast.liveness.LivenessMeters;
import dev.holdfast.liveness.LivenessOptions;
import io.netty.buffer.Unpooled;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Mistakes of the gateway itself: the connection ends, and somebody hears of it. */
class ConnectionFaultsTest {
  private static final String HTTP1 = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

  private final GatewayRig rig = new GatewayRig();

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void mistakesAreCountedAndOneIsLogged() throws Exception {
    rig.frontend(
        (web, ended) -> {
          throw new IllegalStateException("a frontend");
        });
    try (LogLines said = new LogLines(ConnectionFaults.class)) {
      Gateway gateway =
          rig.gateway(
              new GatewaySnapshot(
                  head -> {
                    throw new IllegalStateException("a router");
                  },
                  Map.of(),
                  GatewayLimits.DEFAULT));
      RawPeer client = rig.client(gateway);
      client.headers(3, RawPeer.call("/test.Echo/Talk"), true);
      assertThat(client.next("GOAWAY").code()).isEqualTo(2);
      awaitFaults(1);
      assertClosed(gateway, HTTP1);
      awaitFaults(2);
      // Who goes without a word is nobody's mistake.
      try (Socket vanishing = new Socket()) {
        vanishing.connect(gateway.address());
        vanishing
            .getOutputStream()
            .write(HTTP1.substring(0, 9).getBytes(StandardCharsets.US_ASCII));
        vanishing.setSoLinger(true, 0);
      }
      assertClosed(gateway, HTTP1);
      awaitFaults(3);
      // Gateways of other tests in this JVM have faults of their own: an assertion of Netty's is
      // one.
      assertThat(said.all())
          .filteredOn(line -> line.contains("IllegalStateException"))
          .singleElement()
          .asString()
          .startsWith("ERROR event=connection_fault times=1 cause=\"IllegalStateException\"");
      assertThat(said.untidy()).isEmpty();
    }
  }

  @Test
  void mistakeWhileAConnectionIsMadeClosesAndIsCounted() {
    AtomicBoolean broken = new AtomicBoolean();
    GatewaySnapshot snapshot = new GatewaySnapshot(head -> null, Map.of(), GatewayLimits.DEFAULT);
    EventLoop thread = rig.closing(new Threads(new DefaultEventLoop())).loop();
    ForwardingLoop loop =
        new ForwardingLoop(
            thread,
            () -> {
              if (broken.get()) {
                throw new IllegalStateException("no snapshot");
              }
              return snapshot;
            },
            new ForwardingLoop.ConnectionMonitoring(
                LivenessOptions.DEFAULT,
                LivenessMeters.on(rig.meters, ConnectionRole.SERVER),
                LivenessMeters.on(rig.meters, ConnectionRole.CLIENT),
                new GatewayMeters(rig.meters)));
    EmbeddedChannel channel =
        new EmbeddedChannel(
            new ProtocolDetector(
                loop,
                (web, ended) -> {
                  throw new IllegalStateException("a frontend");
                }));
    broken.set(true);
    channel.writeInbound(Unpooled.copiedBuffer("PRI * HTTP/2.0", StandardCharsets.US_ASCII));
    assertThat(channel.isOpen()).isFalse();
    awaitFaults(1);
  }

  private record Threads(EventLoop loop) implements AutoCloseable {
    @Override
    public void close() {
      var unused = loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
    }
  }

  private void awaitFaults(int times) {
    await()
        .untilAsserted(
            () ->
                assertThat(rig.meters.get("holdfast.gateway.connection.faults").counter().count())
                    .isEqualTo(times));
  }

  private static void assertClosed(Gateway gateway, String request) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(gateway.address());
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      assertThat(socket.getInputStream().read()).isNegative();
    }
  }
}
