package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** Clients that send more of something than anybody needs, and what others notice of it. */
@ParameterizedClass
@ArgumentsSource(TestedTransports.class)
class FloodAttackTest extends AttackTestBase {
  private static final int CLIENTS = 80;

  /** CLIENTS times as many are more than 10,000 half-open streams. */
  private static final int EACH = 126;

  FloodAttackTest(Transport transport) {
    super(transport);
  }

  @Test
  void floodOfEmptyDataEndsTheConnection() throws Exception {
    RawPeer client = attackedGateway.client();
    client.headers(3, RawPeer.call(AttackedGateway.PATH), false);
    client.raw(AttackedGateway.repeated(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 3}, 100));
    assertFloodEnds(client);
  }

  @Test
  void floodOfContinuationsEndsTheConnection() throws Exception {
    RawPeer client = attackedGateway.client();
    client.headers(3, RawPeer.call(AttackedGateway.PATH), false);
    // In one go: an answer to SETTINGS in the middle of a block would be another mistake.
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    block.writeBytes(new byte[] {0, 0, 0, 1, 0, 0, 0, 0, 5});
    block.writeBytes(AttackedGateway.repeated(new byte[] {0, 0, 0, 9, 0, 0, 0, 0, 5}, 1_000));
    client.raw(block.toByteArray());
    assertFloodEnds(client);
  }

  @Test
  void floodOfPingsEndsTheConnection() throws Exception {
    RawPeer client = attackedGateway.client();
    client.raw(
        AttackedGateway.repeated(
            new byte[] {0, 0, 8, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 1_100));
    assertEnds(client, "pings");
  }

  @Test
  void floodOfSettingsEndsTheConnection() throws Exception {
    RawPeer client = attackedGateway.client();
    client.raw(AttackedGateway.repeated(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0}, 110));
    assertEnds(client, "settings");
  }

  @Test
  void framesThatCarryNoCallEndTheConnection() throws Exception {
    BackgroundCaller neighbour = attackedGateway.neighbour();
    byte[][] kinds = {
      // WINDOW_UPDATE of the connection and of a stream, PRIORITY, PONG, RST_STREAM of a stream
      // that
      // is gone, one of no known type: PRIORITY_UPDATE is such a one.
      {0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1},
      {0, 0, 4, 8, 0, 0, 0, 0, 3, 0, 0, 0, 1},
      {0, 0, 5, 2, 0, 0, 0, 0, 9, 0, 0, 0, 0, 16},
      {0, 0, 8, 6, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
      {0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8},
      {0, 0, 0, 16, 0, 0, 0, 0, 0},
    };
    int ended = 0;
    for (byte[] kind : kinds) {
      RawPeer client = attackedGateway.client();
      client.headers(1, RawPeer.call(AttackedGateway.PATH), false);
      client.headers(3, RawPeer.call(AttackedGateway.PATH), false);
      client.reset(1, 8);
      client.raw(AttackedGateway.repeated(kind, 10_100));
      await().until(() -> !client.isOpen());
      int expected = ++ended;
      await()
          .untilAsserted(
              () -> assertThat(attackedGateway.rig.met("control_frames")).isEqualTo(expected));
    }
    neighbour.assertUnharmed();
    attackedGateway.backgroundCaller.assertUnharmed();
  }

  @Test
  void dataInPiecesOfAByteReachesTheUpstreamInFewFrames() throws Exception {
    BackgroundCaller neighbour = attackedGateway.neighbour();
    RawPeer client = attackedGateway.client();
    client.headers(3, RawPeer.call(AttackedGateway.PATH), false);
    RawPeer server = upstream.accepted();
    server.next("HEADERS");
    int bytes = 50_000;
    ByteArrayOutputStream sent = new ByteArrayOutputStream();
    for (int i = 0; i < bytes; i++) {
      sent.writeBytes(new byte[] {0, 0, 1, 0, (byte) (i == bytes - 1 ? 1 : 0), 0, 0, 0, 3});
      sent.write(i % 251);
    }
    client.raw(sent.toByteArray());
    ByteArrayOutputStream came = new ByteArrayOutputStream();
    int frames = 0;
    RawPeer.Frame frame;
    do {
      frame = server.next("DATA");
      byte[] part = new byte[frame.data().remaining()];
      frame.data().duplicate().get(part);
      came.writeBytes(part);
      frames++;
    } while (!frame.end());
    assertThat(came.size()).isEqualTo(bytes);
    for (int i = 0; i < bytes; i++) {
      assertThat(came.toByteArray()[i]).as("byte %d", i).isEqualTo((byte) (i % 251));
    }
    assertThat(frames).isLessThan(bytes / 10);
    neighbour.assertUnharmed();
  }

  @Test
  void hugeHeadersAreAnswered() throws Exception {
    RawPeer client = attackedGateway.client();
    client.headers(3, RawPeer.call(AttackedGateway.PATH).add("x-large", "x".repeat(17_000)), true);
    RawPeer.Frame answer = client.next("HEADERS", "RST_STREAM", "GOAWAY");
    assertThat(answer.header("grpc-status")).isEqualTo("8");
    assertThat(attackedGateway.rig.met("header_list")).isPositive();
    attackedGateway.backgroundCaller.assertUnharmed();
  }

  @Test
  void tenThousandHalfOpenStreamsHarmNobody() throws Exception {
    BackgroundCaller neighbour = attackedGateway.neighbour();
    List<HalfOpenClient> clients = new ArrayList<>();
    try {
      for (int i = 0; i < CLIENTS; i++) {
        HalfOpenClient client = new HalfOpenClient(attackedGateway.gateway.address());
        clients.add(client);
        client.write(RawFrame.PREFACE, RawServer.SETTINGS, halfOpen(3, EACH), RawFrame.PING);
      }
      for (HalfOpenClient client : clients) {
        client.awaitPong();
      }
      attackedGateway.backgroundCaller.assertUnharmed();
      neighbour.assertUnharmed();
      // It may have no more than 128.
      clients.get(0).write(halfOpen(3 + 2 * EACH, 130 - EACH));
      await().untilAsserted(() -> assertThat(attackedGateway.rig.met("streams")).isEqualTo(2));
    } finally {
      for (HalfOpenClient client : clients) {
        client.close();
      }
    }
    attackedGateway.backgroundCaller.assertUnharmed();
  }

  /**
   * A client without a codec: calls beyond those that may wait for the upstream are answered, which
   * a codec takes for a fault on streams that were written past it.
   */
  private static final class HalfOpenClient implements AutoCloseable {
    private final Socket socket = new Socket();

    HalfOpenClient(InetSocketAddress gateway) throws IOException {
      socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(GatewayRig.PATIENCE_SECONDS));
      socket.connect(gateway);
    }

    void write(byte[]... frames) throws IOException {
      socket.getOutputStream().write(RawServer.join(frames));
    }

    void awaitPong() throws IOException {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      for (RawFrame frame = RawFrame.read(in); !frame.isPong(); frame = RawFrame.read(in)) {
        assertThat(frame.type()).as("GOAWAY").isNotEqualTo(RawFrame.GOAWAY);
      }
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  /** Requests that don't end. */
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
    await().untilAsserted(() -> assertThat(attackedGateway.rig.met(limit)).isEqualTo(1));
    attackedGateway.backgroundCaller.assertUnharmed();
  }
}
