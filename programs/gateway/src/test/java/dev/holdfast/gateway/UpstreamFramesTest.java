package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http2.Http2Settings;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The frames that an upstream and a client may make each other wait for or end by. */
class UpstreamFramesTest {
  private static final byte[] MESSAGE = {0, 0, 0, 0, 1, 9};
  private static final String PATH = "/test.Echo/Unary";

  private final GatewayRig rig = new GatewayRig();

  @AfterEach
  void close() {
    rig.close();
  }

  /** The gateway adds x-forwarded-for and -proto, so that an accepted request may be too large. */
  @ParameterizedTest
  @CsvSource({"16384, 16000, 16435", "4096, 3700, 4135"})
  void headersAboveTheLimitOfTheUpstreamEndTheCallAtOnce(int limit, int bytes, int sent)
      throws Exception {
    RawPeer.Upstream upstream =
        rig.closing(
            RawPeer.listen(
                new Http2Settings().maxHeaderListSize(limit),
                (peer, request) ->
                    peer.headers(request.stream(), RawPeer.head().add("grpc-status", "0"), true)));
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    int id = 1;
    // More than an endpoint or a retry budget would take.
    for (int i = 0; i < 30; i++) {
      id += 2;
      client.headers(id, RawPeer.call(PATH).add("x-large", "x".repeat(bytes)), true);
      RawPeer.Frame refused = client.next("HEADERS", "RST_STREAM");
      assertThat(refused.header("grpc-status")).isEqualTo("8");
      assertThat(refused.header("grpc-message"))
          .contains(
              "request headers of " + sent + " bytes",
              "SETTINGS_MAX_HEADER_LIST_SIZE of the upstream is " + limit,
              upstream.address(),
              "attempt 1)");
    }
    call(client, id + 2);
    assertThat(client.next("HEADERS", "RST_STREAM").header("grpc-status")).isEqualTo("0");
    assertThat(rig.meters.find("holdfast.gateway.ejected").counters()).isEmpty();
    assertThat(rig.met("retries")).isZero();
    upstream.accepted();
    assertThat(upstream.peers()).isEmpty();
  }

  @Test
  void emptyDataOfOneAnswerLeavesTheOthersOfItsConnection() throws Exception {
    RawPeer.Upstream upstream = upstream();
    Gateway gateway = rig.gateway(upstream.address());
    RawPeer client = rig.client(gateway);
    RawPeer other = rig.client(gateway);
    call(client, 3);
    RawPeer server = upstream.accepted();
    int flooded = server.next("HEADERS").stream();
    call(other, 3);
    int good = server.next("HEADERS").stream();
    server.headers(flooded, RawPeer.head(), false);
    server.headers(good, RawPeer.head(), false);
    server.raw(AttackedGateway.repeated(RawServer.frame(0, 0, good), 9));
    server.raw(AttackedGateway.repeated(RawServer.frame(0, 0, flooded), 10));
    server.raw(AttackedGateway.repeated(RawServer.frame(0, 0, good), 1));
    server.raw(AttackedGateway.repeated(RawServer.frame(0, 0, flooded), 40));
    client.next("HEADERS");
    RawPeer.Frame end = client.next("HEADERS", "RST_STREAM");
    assertThat(end.header("grpc-status")).isEqualTo("13");
    assertThat(end.header("grpc-message")).contains("more than 10 empty frames of DATA");
    assertThat(server.next("RST_STREAM", "GOAWAY").type()).isEqualTo("RST_STREAM");
    server.data(good, MESSAGE, false);
    server.headers(good, RawPeer.trailers(0), true);
    other.next("HEADERS");
    assertThat(other.next("DATA").data()).isEqualTo(ByteBuffer.wrap(MESSAGE));
    assertThat(other.next("HEADERS", "RST_STREAM").header("grpc-status")).isEqualTo("0");
    call(other, 5);
    server.headers(server.next("HEADERS").stream(), RawPeer.head().add("grpc-status", "0"), true);
    assertThat(other.next("HEADERS", "RST_STREAM").header("grpc-status")).isEqualTo("0");
  }

  @Test
  void smallWindowsOfAClientEarnTheFramesThatOpenThem() throws Exception {
    int window = 256;
    int bytes = 2 << 20;
    RawPeer.Upstream upstream =
        rig.closing(
            RawPeer.listen(
                new Http2Settings(),
                (peer, request) -> {
                  peer.headers(request.stream(), RawPeer.head(), false);
                  peer.data(request.stream(), new byte[bytes], false);
                  peer.headers(request.stream(), RawPeer.trailers(0), true);
                }));
    try (Socket socket = new Socket()) {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(20_000);
      socket.connect(rig.gateway(upstream.address()).address());
      OutputStream out = socket.getOutputStream();
      DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
      out.write(RawFrame.PREFACE);
      out.write(RawServer.frame(4, 0, 0, 0, 4, 0, 0, window >> 8, window & 0xff));
      // POST http /, with the content type of gRPC.
      ByteArrayOutputStream block = new ByteArrayOutputStream();
      block.writeBytes(new byte[] {(byte) 0x83, (byte) 0x86, (byte) 0x84, 0x0f, 0x10, 16});
      block.writeBytes("application/grpc".getBytes(StandardCharsets.US_ASCII));
      out.write(RawServer.frame(1, 5, 1, block.toByteArray()));
      int came = 0;
      while (came < bytes) {
        RawFrame frame = RawFrame.read(in);
        int length = frame.payload().remaining();
        assertThat(frame.type()).as("after %d bytes", came).isNotEqualTo(RawFrame.GOAWAY);
        if (frame.type() == RawFrame.DATA) {
          came += length;
          int[] credit = {0, 0, length >> 8, length & 0xff};
          out.write(
              RawServer.join(RawServer.frame(8, 0, 0, credit), RawServer.frame(8, 0, 1, credit)));
        }
      }
      assertThat(rig.met("control_frames")).isZero();
    }
  }

  private RawPeer.Upstream upstream() {
    return rig.closing(RawPeer.listen(new Http2Settings().maxConcurrentStreams(100)));
  }

  private static void call(RawPeer client, int id) {
    client.headers(id, RawPeer.call(PATH), true);
  }
}
