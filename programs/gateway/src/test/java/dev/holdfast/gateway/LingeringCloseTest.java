package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.limits.GatewayLimits;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** How connections end that the gateway closes, for clients that are still sending. */
@ParameterizedClass
@ArgumentsSource(TestedTransports.class)
class LingeringCloseTest {
  private static final int BYTES = 4_000_000;
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  /** A client on a busy machine may need longer than the default for what it reads. */
  private static final GatewayLimits PATIENT = AttackedHttpGateway.impatient(Duration.ofMinutes(2));

  private final Transport transport;

  LingeringCloseTest(Transport transport) {
    this.transport = transport;
  }

  /** The answer is larger than what kernels and the gateway hold when it is written to the end. */
  @Test
  void whoSendsOnGetsAllOfTheLastAnswer() throws Exception {
    try (AttackedHttpGateway attacked = new AttackedHttpGateway(PATIENT, transport)) {
      Socket socket = attacked.deafAttacker();
      String line = "GET /v1/hello/x?padding=" + BYTES + " HTTP/1.1";
      send(socket, FrontendRig.lines(line, "host: x", "connection: close"));
      assertThat(readAndSend(socket)).isGreaterThan(BYTES);
      attacked.assertUnharmed();
    }
  }

  @Test
  void whoIsAnsweredBeforeItHasSentAllGetsTheAnswerAndItsEnd() throws Exception {
    try (AttackedHttpGateway attacked = new AttackedHttpGateway(PATIENT, transport)) {
      Socket socket = attacked.attacker();
      send(
          socket,
          FrontendRig.lines(
              "POST /nothing HTTP/1.1",
              "host: x",
              "content-type: application/json",
              "content-length: 4000000"));
      StringBuilder head = new StringBuilder();
      while (head.indexOf("\r\n\r\n") < 0) {
        head.append((char) socket.getInputStream().read());
      }
      assertThat(head).contains(" 404 ");
      // The end of the output shows that the gateway is closing.
      socket.getInputStream().readAllBytes();
      for (int i = 0; i < 100; i++) {
        socket.getOutputStream().write(new byte[1_000]);
      }
      attacked.assertUnharmed();
    }
  }

  /** However long it sends, and whether it notices the end or not. */
  @Test
  void theEndComesAlsoWhereTheClientDoesNotClose() throws Exception {
    try (AttackedHttpGateway attacked =
        new AttackedHttpGateway(AttackedHttpGateway.impatient(PATIENCE), transport)) {
      Socket reads = attacked.attacker();
      send(reads, FrontendRig.lines("GET /v1/hello/x HTTP/1.1", "host: x", "connection: close"));
      assertThat(new String(reads.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .contains("hello x");
      Socket deaf = attacked.deafAttacker();
      String line = "GET /v1/hello/x?padding=" + BYTES / 8 + " HTTP/1.1";
      send(deaf, FrontendRig.lines(line, "host: x", "connection: close"));
      attacked.awaitClients(2);
      attacked.assertUnharmed();
    }
  }

  @Test
  void whoSendsOnAfterTheGatewayLeftHttp2MeetsNoReset() throws Exception {
    try (GatewayRig rig = new GatewayRig().transport(transport).drain(DrainTimes.DEFAULT)) {
      Gateway gateway = rig.gateway(rig.serve(new Echo()));
      try (Socket socket = transport.http2Socket(transport.address(gateway))) {
        OutputStream out = socket.getOutputStream();
        send(socket, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        out.write(RawServer.SETTINGS);
        InputStream in = socket.getInputStream();
        // The SETTINGS of the gateway and what goes with them.
        in.readNBytes(9);
        var unusedDrain = gateway.drain();
        // The answer to the PING that comes with GOAWAY: "HFleave".
        out.write(RawServer.frame(6, 1, 0, 'H', 'F', 'l', 'e', 'a', 'v', 'e', 0));
        in.readAllBytes();
        for (int i = 0; i < 100; i++) {
          out.write(RawServer.frame(8, 0, 0, 0, 0, 0, 1));
        }
      }
    }
  }

  /** Reads a little and sends a little until the end; how many bytes came. */
  private static int readAndSend(Socket socket) throws IOException {
    byte[] some = new byte[16_384];
    int all = 0;
    int count = socket.getInputStream().read(some);
    while (count >= 0) {
      all += count;
      socket.getOutputStream().write('x');
      count = socket.getInputStream().read(some);
    }
    return all;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }
}
