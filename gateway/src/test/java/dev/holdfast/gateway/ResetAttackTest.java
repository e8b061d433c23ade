package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.handler.codec.http2.Http2Error;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Clients that open streams only to have them reset, and clients that reset with good reason. */
class ResetAttackTest extends BesiegedGateway {
  private static final long CANCEL = Http2Error.CANCEL.code();

  /** Quick resets that everybody may make. */
  private static final int FREE = 500;

  @Test
  void rapidResetIsStoppedAndCutsNoCall() throws Exception {
    RawPeer client = besieged.client();
    client.headers(3, RawPeer.call(Besieged.PATH), false);
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
    assertThat(besieged.rig.met("rapid_reset")).isEqualTo(1);
    server.headers(inFlight, RawPeer.head().add("grpc-status", "0"), true);
    RawPeer.Frame answer = client.next("HEADERS");
    while (answer.stream() != 3) {
      answer = client.next("HEADERS");
    }
    assertThat(answer.header("grpc-status")).isEqualTo("0");
    await().until(() -> !client.isOpen());
    besieged.bystander.assertUnharmed();
  }

  @Test
  void deadlinesThatExpireAtOnceAreNoAttack() throws Exception {
    RawPeer client = besieged.client();
    int id = 3;
    for (int wave = 0; wave < 2; wave++) {
      int first = id;
      for (int i = 0; i < 125; i++, id += 2) {
        client.headers(id, RawPeer.call(Besieged.PATH).add("grpc-timeout", "1S"), true);
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
    assertThat(besieged.rig.met("rapid_reset")).isZero();
    besieged.bystander.assertUnharmed();
  }

  @Test
  void errorsThatMakeTheGatewayResetAreBounded() throws Exception {
    RawPeer client = besieged.client();
    byte[] noIncrement = {0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    for (int id = 3; id < 503; id += 2) {
      client.headers(id, RawPeer.call(Besieged.PATH), false);
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
    await().untilAsserted(() -> assertThat(besieged.rig.met("flood")).isEqualTo(1));
    besieged.bystander.assertUnharmed();
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
