package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.limits.GatewayLimits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients of WebSockets that mean harm: the counterpart of {@link FloodAttackTest}. */
@ParameterizedClass
@ArgumentsSource(TestedTransports.class)
class SocketAttackTest {
  private static final String CHAT = "/test.greet.Greeter/Chat";

  /** Frames that cost work and bring nothing, masked with zeros. */
  enum Empty {
    PINGS(new byte[] {(byte) 0x89, (byte) 0x80, 0, 0, 0, 0}),
    PONGS(new byte[] {(byte) 0x8a, (byte) 0x80, 0, 0, 0, 0}),
    FRAGMENTS(new byte[] {0, (byte) 0x80, 0, 0, 0, 0});

    final byte[] frame;

    Empty(byte[] frame) {
      this.frame = frame;
    }
  }

  private final Transport transport;

  SocketAttackTest(Transport transport) {
    this.transport = transport;
  }

  @ParameterizedTest
  @EnumSource(Empty.class)
  void aFloodOfFramesThatCarryNothingEndsIt(Empty empty) throws Exception {
    try (AttackedHttpGateway attacked = new AttackedHttpGateway(GatewayLimits.DEFAULT, transport);
        RawSocket socket = RawSocket.ask(attacked.attacker(), CHAT)) {
      socket.part(1, false, "{".getBytes(StandardCharsets.US_ASCII));
      sendAll(socket, AttackedGateway.repeated(empty.frame, 10_000));
      await().untilAsserted(() -> assertThat(attacked.frontends.rig.met("pings")).isEqualTo(1));
      attacked.assertUnharmed();
      attacked.assertNothingKept();
    }
  }

  @Test
  void thousandsOfMessagesInOneReadAreAnsweredInTheirOrderAndNobodyWaitsForIt() throws Exception {
    try (AttackedHttpGateway attacked = new AttackedHttpGateway(GatewayLimits.DEFAULT, transport);
        RawSocket socket = RawSocket.ask(attacked.attacker(), CHAT)) {
      int messages = 2_000;
      // The empty message of JSON, masked with zeros.
      socket.raw(
          AttackedGateway.repeated(
              new byte[] {(byte) 0x81, (byte) 0x82, 0, 0, 0, 0, '{', '}'}, messages));
      socket.text("{\"name\":\"last\"}");
      attacked.assertUnharmed();
      for (int i = 0; i < messages; i++) {
        assertThat(socket.next()).startsWith("text {\"text\":\"hello \"");
      }
      assertThat(socket.next()).contains("hello last");
      attacked.assertUnharmed();
    }
  }

  @Test
  void aFrameThatIsNeverWholeIsOnItsClientsAccount() throws Exception {
    try (AttackedHttpGateway attacked = new AttackedHttpGateway(GatewayLimits.DEFAULT, transport);
        RawSocket socket = RawSocket.ask(attacked.attacker(), CHAT)) {
      // Of four MiB one half.
      socket.raw(new byte[] {(byte) 0x82, (byte) 0xff, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0});
      socket.raw(new byte[1 << 21]);
      await()
          .untilAsserted(
              () ->
                  assertThat(GatewayRig.kept(attacked.frontends.gateway))
                      .isGreaterThanOrEqualTo(1 << 21));
      attacked.assertUnharmed();
      attacked.assertNothingKept();
    }
  }

  /** The counterpart of a body in DATA of one byte each. */
  @Test
  void aMessageInPiecesOfAByteArrivesAndNobodyWaitsForIt() throws Exception {
    try (AttackedHttpGateway attacked = new AttackedHttpGateway(GatewayLimits.DEFAULT, transport);
        RawSocket socket = RawSocket.ask(attacked.attacker(), CHAT)) {
      int bytes = 20_000;
      byte[] name = "{\"name\":\"".getBytes(StandardCharsets.US_ASCII);
      socket.part(1, false, name);
      byte[] piece = {0, (byte) 0x81, 0, 0, 0, 0, 'y'};
      socket.raw(AttackedGateway.repeated(piece, bytes));
      attacked.assertUnharmed();
      socket.part(0, true, "\"}".getBytes(StandardCharsets.US_ASCII));
      assertThat(socket.next()).contains("hello " + "y".repeat(bytes));
      attacked.assertUnharmed();
      attacked.assertNothingKept();
    }
  }

  private static void sendAll(RawSocket socket, byte[] bytes) {
    try {
      socket.raw(bytes);
    } catch (IOException e) {
      assertThat(e).hasMessageMatching(".*(reset|Broken pipe|closed).*");
    }
  }
}
