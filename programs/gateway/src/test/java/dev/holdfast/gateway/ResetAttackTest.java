package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.ClientCalls;
import io.netty.handler.codec.http2.Http2Error;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** Clients that open streams only to have them reset, and clients that reset with good reason. */
@ParameterizedClass
@ArgumentsSource(TestedTransports.class)
class ResetAttackTest extends AttackTestBase {
  private static final long CANCEL = Http2Error.CANCEL.code();

  private static final CallOptions TO_GOOD = CallOptions.DEFAULT.withAuthority("good");

  /** Quick resets that everybody may make. */
  private static final int FREE = 500;

  ResetAttackTest(Transport transport) {
    super(transport);
  }

  @Test
  void rapidResetIsStoppedAndCutsNoCall() throws Exception {
    RawPeer client = attackedGateway.client();
    client.headers(3, RawPeer.call(AttackedGateway.PATH), false);
    RawPeer server = upstream.accepted();
    int inFlight = server.next("HEADERS").stream();
    int next = 5;
    int streams = FREE;
    RawPeer.Frame said;
    do {
      client.raw(openedAndReset(next, streams));
      client.ping(next);
      next += 2 * streams;
      streams = 1;
      said = client.next("GOAWAY", "PONG");
    } while (said.type().equals("PONG") && next < 4_000);
    assertThat(said.type()).isEqualTo("GOAWAY");
    assertThat(said.code()).isEqualTo(Http2Error.NO_ERROR.code());
    assertThat(attackedGateway.rig.met("rapid_reset")).isEqualTo(1);
    server.headers(inFlight, RawPeer.head().add("grpc-status", "0"), true);
    RawPeer.Frame answer = client.next("HEADERS");
    while (answer.stream() != 3) {
      answer = client.next("HEADERS");
    }
    assertThat(answer.header("grpc-status")).isEqualTo("0");
    await().until(() -> !client.isOpen());
    attackedGateway.backgroundCaller.assertUnharmed();
  }

  @Test
  void whoIsToldToLeaveForItsResetsAndGoesOnIsCutOff() throws Exception {
    BackgroundCaller neighbour = attackedGateway.neighbour();
    ByteBuffer attack = ByteBuffer.allocate(100_000);
    attack.put("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    attack.put(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0});
    // More than needed: on a busy machine some resets are too late to count as quick ones.
    // A call that goes on, for which the connection stays.
    attack.put(openedAndReset(1, 1), 0, 12);
    attack.put(openedAndReset(3, 4 * FREE));
    try (Socket client = transport.http2Socket(transport.address(attackedGateway.gateway))) {
      client.getOutputStream().write(attack.array(), 0, attack.position());
      // It is handled slowly before.
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() -> assertThat(attackedGateway.rig.met("flood")).isEqualTo(1));
      assertThat(attackedGateway.rig.met("rapid_reset")).isEqualTo(1);
    }
    neighbour.assertUnharmed();
    attackedGateway.backgroundCaller.assertUnharmed();
  }

  @Test
  void callWithoutTimeForAnyAnswerReachesNoUpstream() throws Exception {
    BackgroundCaller neighbour = attackedGateway.neighbour();
    RawPeer server = upstream.accepted();
    RawPeer client = attackedGateway.client();
    for (String timeout : List.of("0n", "1n", "19u", "0S")) {
      RawPeer call = attackedGateway.client();
      call.headers(3, RawPeer.call(AttackedGateway.PATH).add("grpc-timeout", timeout), true);
      assertThat(call.next("HEADERS").header("grpc-status")).as(timeout).isEqualTo("4");
    }
    client.headers(3, RawPeer.call(AttackedGateway.PATH).add("x-first", "yes"), true);
    assertThat(server.next("HEADERS").header("x-first")).isEqualTo("yes");
    neighbour.assertUnharmed();
  }

  @Test
  void deadlinesThatTheGatewayKeepsMakeTheSameAttack() throws Exception {
    BackgroundCaller neighbour = attackedGateway.neighbour();
    RawPeer client = attackedGateway.client();
    int id = 3;
    RawPeer.Frame said = null;
    while (said == null && id < 60 * FREE) {
      int wave = 50;
      for (int i = 0; i < wave; i++, id += 2) {
        client.headers(id, RawPeer.call(AttackedGateway.PATH).add("grpc-timeout", "2m"), true);
      }
      for (int i = 0; i < wave && said == null; i++) {
        RawPeer.Frame frame = client.next("HEADERS", "GOAWAY");
        said = frame.type().equals("GOAWAY") ? frame : null;
      }
    }
    assertThat(said).isNotNull();
    assertThat(attackedGateway.rig.met("rapid_reset")).isEqualTo(1);
    neighbour.assertUnharmed();
    attackedGateway.backgroundCaller.assertUnharmed();
  }

  @Test
  void hedgesOfARealClientAreNoAttack() throws Exception {
    ManagedChannel channel = attackedGateway.rig.channel(attackedGateway.gateway);
    for (int i = 0; i < 400; i++) {
      for (int loser = 0; loser < 3; loser++) {
        ClientCall<byte[], byte[]> hedge = channel.newCall(Echo.UNARY, TO_GOOD);
        hedge.start(new ClientCall.Listener<>() {}, new Metadata());
        hedge.request(1);
        hedge.sendMessage(new byte[] {1});
        hedge.halfClose();
        hedge.cancel("another was faster", null);
      }
      ClientCalls.blockingUnaryCall(channel, Echo.UNARY, TO_GOOD, new byte[] {1});
    }
    assertThat(attackedGateway.rig.met("rapid_reset")).isZero();
  }

  @Test
  void deadlinesThatExpireAtOnceAreNoAttack() throws Exception {
    RawPeer client = attackedGateway.client();
    int id = 3;
    for (int wave = 0; wave < 2; wave++) {
      int first = id;
      for (int i = 0; i < 125; i++, id += 2) {
        client.headers(id, RawPeer.call(AttackedGateway.PATH).add("grpc-timeout", "1S"), true);
      }
      client.ping(wave);
      client.next("PONG");
      long began = System.nanoTime();
      await()
          .pollInterval(Duration.ofMillis(5))
          .until(() -> System.nanoTime() - began > Duration.ofMillis(110).toNanos());
      for (int each = first; each < id; each += 2) {
        client.reset(each, CANCEL);
      }
    }
    client.ping(99);
    assertThat(client.next("GOAWAY", "PONG").type()).isEqualTo("PONG");
    assertThat(attackedGateway.rig.met("rapid_reset")).isZero();
    attackedGateway.backgroundCaller.assertUnharmed();
  }

  @Test
  void errorsThatMakeTheGatewayResetAreBounded() throws Exception {
    RawPeer client = attackedGateway.client();
    byte[] noIncrement = {0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    for (int id = 3; id < 503; id += 2) {
      client.headers(id, RawPeer.call(AttackedGateway.PATH), false);
      byte[] frame = noIncrement.clone();
      frame[7] = (byte) (id >> 8);
      frame[8] = (byte) id;
      client.raw(frame);
      if (id % 100 == 1 && id <= 401) {
        // So that the codec knows which streams are over, and never has too many of them.
        client.ping(id);
        client.next("PONG");
      }
    }
    await().until(() -> !client.isOpen());
    await().untilAsserted(() -> assertThat(attackedGateway.rig.met("flood")).isEqualTo(1));
    attackedGateway.backgroundCaller.assertUnharmed();
  }

  /** In one go and past the codec, which knows nothing of these streams. */
  private static byte[] openedAndReset(int firstId, int streams) {
    ByteBuffer frames = ByteBuffer.allocate(25 * streams);
    for (int i = 0; i < streams; i++) {
      int id = firstId + 2 * i;
      // POST http /
      frames.put(new byte[] {0, 0, 3, 1, 4}).putInt(id);
      frames.put(new byte[] {(byte) 0x83, (byte) 0x86, (byte) 0x84});
      frames.put(new byte[] {0, 0, 4, 3, 0}).putInt(id).putInt((int) CANCEL);
    }
    return frames.array();
  }
}
