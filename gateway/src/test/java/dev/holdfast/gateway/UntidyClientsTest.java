package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import java.io.DataInputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Clients that mean no harm, but whose frames come late, say nothing, or are of no call. */
class UntidyClientsTest {
  private static final int LIMIT = 128;
  private static final byte[] PING = {0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
  private static final int RST_STREAM = 3;
  private static final int GOAWAY = 7;

  private final RawPeer.Upstream upstream =
      RawPeer.listen(new Http2Settings().maxConcurrentStreams(10_000));
  private Besieged besieged;

  @BeforeEach
  void open() throws Exception {
    besieged = new Besieged(upstream.address());
  }

  @AfterEach
  void close() {
    besieged.close();
    upstream.close();
  }

  @Test
  void paddingAloneGoesNoFarther() throws Exception {
    RawPeer client = besieged.client();
    client.headers(3, RawPeer.call(Besieged.PATH), false);
    RawPeer server = upstream.accepted();
    int stream = server.next("HEADERS").stream();
    client.raw(Besieged.repeated(new byte[] {0, 0, 2, 0, 8, 0, 0, 0, 3, 1, 0}, 5));
    client.raw(new byte[] {0, 0, 1, 0, 1, 0, 0, 0, 3, 42});

    RawPeer.Frame first = server.next("DATA");
    assertThat(first.data().remaining()).as("the first DATA that came").isEqualTo(1);
    assertThat(first.end()).isTrue();
    server.headers(stream, RawPeer.head().add("grpc-status", "0"), true);
    assertThat(client.next("HEADERS").header("grpc-status")).isEqualTo("0");
  }

  @Test
  void paddingOfAnAnswerGoesNoFarther() throws Exception {
    RawPeer client = besieged.client();
    client.headers(3, RawPeer.call(Besieged.PATH), true);
    RawPeer server = upstream.accepted();
    int stream = server.next("HEADERS").stream();
    server.headers(stream, RawPeer.head(), false);
    client.next("HEADERS");
    byte[] padding = {0, 0, 2, 0, 8, 0, 0, 0, (byte) stream, 1, 0};
    server.raw(Besieged.repeated(padding, 5));
    server.data(stream, new byte[] {42}, false);

    assertThat(client.next("DATA").data().remaining()).isEqualTo(1);
  }

  @Test
  void whatWasUnderWayWhenItsCallEndedIsDropped() throws Exception {
    RawPeer client = besieged.client();
    client.headers(3, RawPeer.call(Besieged.PATH), false);
    RawPeer server = upstream.accepted();
    int stream = server.next("HEADERS").stream();
    server.headers(stream, RawPeer.head().add("grpc-status", "9"), true);
    assertThat(client.next("HEADERS").header("grpc-status")).isEqualTo("9");
    assertThat(client.next("RST_STREAM").code()).isEqualTo(Http2Error.NO_ERROR.code());

    client.raw(Besieged.repeated(new byte[] {0, 0, 1, 0, 0, 0, 0, 0, 3, 42}, 1_000));
    client.ping(1);
    assertThat(client.next("PONG", "RST_STREAM", "GOAWAY").type()).isEqualTo("PONG");
    assertThat(client.isOpen()).isTrue();
    assertThat(besieged.rig.met("flood")).isZero();
  }

  @Test
  void aStreamTooManyIsRefusedAndNoOtherNoticesIt() throws Exception {
    int refused = 1 + 2 * LIMIT;
    ByteBuffer frames = ByteBuffer.allocate(12 * (LIMIT + 1) + 10 + PING.length);
    for (int id = 1; id <= refused; id += 2) {
      frames.put(new byte[] {0, 0, 3, 1, 4}).putInt(id);
      // POST http /
      frames.put(new byte[] {(byte) 0x83, (byte) 0x86, (byte) 0x84});
    }
    frames.put(new byte[] {0, 0, 1, 0, 1}).putInt(refused).put((byte) 42).put(PING);
    try (Socket socket = new Socket()) {
      socket.connect(besieged.gateway.address());
      ByteBuf preface = Http2CodecUtil.connectionPrefaceBuf();
      socket.getOutputStream().write(ByteBufUtil.getBytes(preface));
      preface.release();
      socket.getOutputStream().write(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0});
      socket.getOutputStream().write(frames.array());
      DataInputStream in = new DataInputStream(socket.getInputStream());
      List<String> resets = new ArrayList<>();
      int type;
      do {
        int length = in.readUnsignedShort() << 8 | in.readUnsignedByte();
        type = in.readUnsignedByte();
        boolean acknowledges = in.readUnsignedByte() == 1;
        int id = in.readInt();
        byte[] payload = in.readNBytes(length);
        assertThat(type).as("GOAWAY").isNotEqualTo(GOAWAY);
        if (type == RST_STREAM) {
          resets.add(id + " " + ByteBuffer.wrap(payload).getInt());
        }
        type = acknowledges ? type : -1;
      } while (type != PING[3]);
      assertThat(resets).containsExactly(refused + " " + Http2Error.REFUSED_STREAM.code());
    }
    await().untilAsserted(() -> assertThat(besieged.rig.met("streams")).isEqualTo(1));
    besieged.bystander.assertUnharmed();
  }

  @Test
  void aRequestWithoutMethodIsNoCall() throws Exception {
    RawPeer client = besieged.client();
    Http2Headers call = RawPeer.call(Besieged.PATH);
    call.remove(":method");
    client.headers(3, call, true);
    RawPeer.Frame answer = client.next("RST_STREAM", "HEADERS", "GOAWAY");
    assertThat(answer.type()).isEqualTo("RST_STREAM");
    assertThat(answer.code()).isEqualTo(Http2Error.PROTOCOL_ERROR.code());
  }
}
