package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Clients that send more of something than anybody needs, and what others notice of it. */
class FloodAttackTest extends BesiegedGateway {
  private static final int CLIENTS = 80;

  /** CLIENTS times as many are more than 10,000 half-open streams. */
  private static final int EACH = 126;

  @Test
  void floodOfEmptyDataEndsTheConnection() throws Exception {
    RawPeer client = besieged.client();
    client.headers(3, RawPeer.call(Besieged.PATH), false);
    client.raw(Besieged.repeated(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 3}, 100));
    assertFloodEnds(client);
  }

  @Test
  void floodOfContinuationsEndsTheConnection() throws Exception {
    RawPeer client = besieged.client();
    client.headers(3, RawPeer.call(Besieged.PATH), false);
    // In one go: an answer to SETTINGS in the middle of a block would be another mistake.
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    block.writeBytes(new byte[] {0, 0, 0, 1, 0, 0, 0, 0, 5});
    block.writeBytes(Besieged.repeated(new byte[] {0, 0, 0, 9, 0, 0, 0, 0, 5}, 1_000));
    client.raw(block.toByteArray());
    assertFloodEnds(client);
  }

  @Test
  void floodOfPingsEndsTheConnection() throws Exception {
    RawPeer client = besieged.client();
    client.raw(
        Besieged.repeated(new byte[] {0, 0, 8, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 1_100));
    assertEnds(client, "pings");
  }

  @Test
  void floodOfSettingsEndsTheConnection() throws Exception {
    RawPeer client = besieged.client();
    client.raw(Besieged.repeated(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0}, 110));
    assertEnds(client, "settings");
  }

  @Test
  void hugeHeadersAreAnswered() throws Exception {
    RawPeer client = besieged.client();
    client.headers(3, RawPeer.call(Besieged.PATH).add("x-large", "x".repeat(17_000)), true);
    RawPeer.Frame answer = client.next("HEADERS", "RST_STREAM", "GOAWAY");
    assertThat(answer.header("grpc-status")).isEqualTo("8");
    assertThat(besieged.rig.met("header_list")).isPositive();
    besieged.bystander.assertUnharmed();
  }

  @Test
  void tenThousandHalfOpenStreamsHarmNobody() throws Exception {
    List<RawPeer> clients = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      RawPeer client = besieged.client();
      clients.add(client);
      client.raw(halfOpen(3, EACH));
      client.ping(1);
    }
    for (RawPeer client : clients) {
      client.next("PONG");
    }
    besieged.bystander.assertUnharmed();
    // It may have no more than 128.
    RawPeer greedy = clients.get(0);
    greedy.raw(halfOpen(3 + 2 * EACH, 130 - EACH));
    await().untilAsserted(() -> assertThat(besieged.rig.met("streams")).isEqualTo(2));
    clients.forEach(RawPeer::close);
    besieged.bystander.assertUnharmed();
  }

  /** Requests that don't end, past the codec, which would keep to the limit. */
  private static byte[] halfOpen(int firstId, int streams) {
    ByteBuffer frames = ByteBuffer.allocate(12 * streams);
    for (int i = 0; i < streams; i++) {
      frames.put(new byte[] {0, 0, 3, 1, 4}).putInt(firstId + 2 * i);
      // POST http /
      frames.put(new byte[] {(byte) 0x83, (byte) 0x86, (byte) 0x84});
    }
    return frames.array();
  }

  private void assertFloodEnds(RawPeer client) {
    assertEnds(client, "flood");
  }

  private void assertEnds(RawPeer client, String limit) {
    await().until(() -> !client.isOpen());
    await().untilAsserted(() -> assertThat(besieged.rig.met(limit)).isEqualTo(1));
    besieged.bystander.assertUnharmed();
  }
}
