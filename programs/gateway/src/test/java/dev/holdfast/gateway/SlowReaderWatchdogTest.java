package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.limits.GatewayLimits;
import io.netty.handler.codec.http2.Http2Error;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Clients that read nothing of what they are told. */
class SlowReaderWatchdogTest {
  private static final GatewayLimits SMALL =
      new GatewayLimits(
          GatewayLimits.STREAMS,
          GatewayLimits.HEADER_LIST_BYTES,
          GatewayLimits.STREAM_WINDOW_BYTES,
          GatewayLimits.STREAM_WINDOW_BYTES,
          GatewayLimits.HANDSHAKE,
          GatewayLimits.IDLE);

  @Test
  void clientThatReadsNoAnswersIsCutOff() throws Exception {
    try (AttackedGateway attackedGateway = new AttackedGateway(Map.of(), SMALL)) {
      readNothing(attackedGateway);
      await().untilAsserted(() -> assertThat(attackedGateway.rig.met("unread")).isEqualTo(1));
      assertThat(attackedGateway.rig.met("rapid_reset")).isZero();
      attackedGateway.backgroundCaller.assertUnharmed();
    }
  }

  private static void readNothing(AttackedGateway attackedGateway) throws IOException {
    try (Socket client = new Socket()) {
      // So that the sockets hold next to nothing of what isn't read.
      client.setReceiveBufferSize(4_096);
      client.connect(attackedGateway.gateway.address());
      OutputStream out = client.getOutputStream();
      out.write(RawFrame.PREFACE);
      out.write(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0});
      for (int i = 0; i < 10_000 && attackedGateway.rig.met("unread") == 0; i += 10) {
        out.write(answeredAtLength(1 + 2 * i, 10));
      }
    } catch (SocketException e) {
      assertThat(e).hasMessageMatching(".*(reset|Broken pipe).*");
    }
  }

  /** Calls whose answer repeats their long path, each reset once it is written. */
  private static byte[] answeredAtLength(int firstId, int streams) {
    ByteArrayOutputStream headers = new ByteArrayOutputStream();
    // POST, http, a path of 10,000 bytes that HPACK can't make shorter, an authority of 7.
    headers.writeBytes(new byte[] {(byte) 0x83, (byte) 0x86, 4, 0x7f, (byte) 0x91, 0x4d});
    headers.writeBytes(("/" + "{".repeat(9_999)).getBytes(StandardCharsets.US_ASCII));
    headers.writeBytes(new byte[] {1, 7});
    headers.writeBytes(AttackedGateway.NOWHERE.getBytes(StandardCharsets.US_ASCII));
    // content-type: application/grpc
    headers.writeBytes(new byte[] {0x0f, 0x10, 16});
    headers.writeBytes("application/grpc".getBytes(StandardCharsets.US_ASCII));
    byte[] block = headers.toByteArray();
    ByteBuffer frames = ByteBuffer.allocate((block.length + 22) * streams);
    for (int i = 0; i < streams; i++) {
      int id = firstId + 2 * i;
      frames.put((byte) 0).putShort((short) block.length).put((byte) 1).put((byte) 5).putInt(id);
      frames.put(block);
      frames.put(new byte[] {0, 0, 4, 3, 0}).putInt(id);
      frames.putInt((int) Http2Error.CANCEL.code());
    }
    return frames.array();
  }
}
