package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that mean no harm, but whose frames come late, say nothing, or are of no call. */
class LateFramesTest extends AttackTestBase {
  private static final int LIMIT = 128;
  private static final byte[] NOTHING = {};
  private static final byte[] WINDOW_UPDATE = {0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1};

  /**
   * A reset of stream 1, the answer to the PING that comes with a GOAWAY, and the end of stream 3:
   * in one piece, because from the second on the gateway may close.
   */
  private static final byte[] LEAVES = {
    0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 8, 6, 1, 0, 0, 0, 0, 'H', 'F', 'l', 'e', 'a', 'v',
    'e', 0, 0, 0, 0, 0, 1, 0, 0, 0, 3
  };

  private static final int SMALL_FRAMES = 3_000;
  private static final int SMALL = 50;
  private static final int MORE_THAN_SOCKETS_HOLD = 16_000_000;
  private static final Duration STANDSTILL = Duration.ofMillis(300);

  /** The payload is that of the PING that comes with a GOAWAY, which nobody sent. */
  @Test
  void anAnswerToAPingThatNobodySentIsDropped() throws Exception {
    RawPeer client = attackedGateway.client();
    client.headers(3, RawPeer.call(AttackedGateway.PATH), false);
    RawPeer server = upstream.accepted();
    int open = server.next("HEADERS").stream();
    client.raw(RawServer.frame(6, 1, 0, 'H', 'F', 'l', 'e', 'a', 'v', 'e', 0));
    client.ping(1);
    assertThat(client.next("PONG", "GOAWAY").type()).isEqualTo("PONG");
    client.headers(5, RawPeer.call(AttackedGateway.PATH), true);
    server.next("HEADERS");
    server.headers(open, RawPeer.head().add("grpc-status", "0"), true);
    assertThat(client.next("HEADERS", "GOAWAY").header("grpc-status")).isEqualTo("0");
  }

  @Test
  void paddingAloneGoesNoFarther() throws Exception {
    RawPeer client = attackedGateway.client();
    client.headers(3, RawPeer.call(AttackedGateway.PATH), false);
    RawPeer server = upstream.accepted();
    int stream = server.next("HEADERS").stream();
    client.raw(AttackedGateway.repeated(new byte[] {0, 0, 2, 0, 8, 0, 0, 0, 3, 1, 0}, 5));
    client.raw(new byte[] {0, 0, 1, 0, 1, 0, 0, 0, 3, 42});

    RawPeer.Frame first = server.next("DATA");
    assertThat(first.data().remaining()).as("the first DATA that came").isEqualTo(1);
    assertThat(first.end()).isTrue();
    server.headers(stream, RawPeer.head().add("grpc-status", "0"), true);
    assertThat(client.next("HEADERS").header("grpc-status")).isEqualTo("0");
  }

  @Test
  void paddingOfAnAnswerGoesNoFarther() throws Exception {
    RawPeer client = attackedGateway.client();
    client.headers(3, RawPeer.call(AttackedGateway.PATH), true);
    RawPeer server = upstream.accepted();
    int stream = server.next("HEADERS").stream();
    server.headers(stream, RawPeer.head(), false);
    client.next("HEADERS");
    byte[] padding = {0, 0, 2, 0, 8, 0, 0, 0, (byte) stream, 1, 0};
    server.raw(AttackedGateway.repeated(padding, 5));
    server.data(stream, new byte[] {42}, false);

    assertThat(client.next("DATA").data().remaining()).isEqualTo(1);
  }

  @Test
  void whatWasUnderWayWhenItsCallEndedIsDropped() throws Exception {
    RawPeer client = attackedGateway.client();
    client.headers(3, RawPeer.call(AttackedGateway.PATH), false);
    RawPeer server = upstream.accepted();
    int stream = server.next("HEADERS").stream();
    server.headers(stream, RawPeer.head().add("grpc-status", "9"), true);
    assertThat(client.next("HEADERS").header("grpc-status")).isEqualTo("9");
    assertThat(client.next("RST_STREAM").code()).isEqualTo(Http2Error.NO_ERROR.code());

    client.raw(AttackedGateway.repeated(new byte[] {0, 0, 1, 0, 0, 0, 0, 0, 3, 42}, 1_000));
    client.ping(1);
    assertThat(client.next("PONG", "RST_STREAM", "GOAWAY").type()).isEqualTo("PONG");
    assertThat(client.isOpen()).isTrue();
    assertThat(attackedGateway.rig.met("flood")).isZero();
  }

  @Test
  void aStreamTooManyIsRefusedAndNoOtherNoticesIt() throws Exception {
    int refused = 1 + 2 * LIMIT;
    ByteBuffer frames = ByteBuffer.allocate(12 * (LIMIT + 1) + 10 + RawFrame.PING.length);
    for (int id = 1; id <= refused; id += 2) {
      frames.put(new byte[] {0, 0, 3, 1, 4}).putInt(id);
      // POST http /
      frames.put(new byte[] {(byte) 0x83, (byte) 0x86, (byte) 0x84});
    }
    frames.put(new byte[] {0, 0, 1, 0, 1}).putInt(refused).put((byte) 42).put(RawFrame.PING);
    try (Socket socket = new Socket()) {
      socket.connect(attackedGateway.gateway.address());
      greet(socket, 0, 0, 0, 4, 0, 0, 0, 0, 0);
      socket.getOutputStream().write(frames.array());
      DataInputStream in = new DataInputStream(socket.getInputStream());
      List<String> resets = new ArrayList<>();
      RawFrame frame = RawFrame.read(in);
      while (!frame.isPong()) {
        assertThat(frame.type()).as("GOAWAY").isNotEqualTo(RawFrame.GOAWAY);
        if (frame.type() == RawFrame.RST_STREAM) {
          resets.add(frame.stream() + " " + frame.payload().getInt());
        }
        frame = RawFrame.read(in);
      }
      assertThat(resets).containsExactly(refused + " " + Http2Error.REFUSED_STREAM.code());
    }
    await().untilAsserted(() -> assertThat(attackedGateway.rig.met("streams")).isEqualTo(1));
    attackedGateway.backgroundCaller.assertUnharmed();
  }

  @Test
  void smallFramesThatWaitForAWindowBecomeFew() throws Exception {
    try (Socket socket = new Socket()) {
      socket.connect(attackedGateway.gateway.address());
      DataInputStream in = new DataInputStream(socket.getInputStream());
      greet(socket, 0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0);
      // POST http /
      write(socket, 0, 0, 3, 1, 5, 0, 0, 0, 1, 0x83, 0x86, 0x84);
      RawPeer server = upstream.accepted();
      int stream = server.next("HEADERS").stream();
      int window = server.windowOf(stream);
      server.headers(stream, RawPeer.head(), false);
      byte[] sent = new byte[SMALL_FRAMES * SMALL];
      for (int i = 0; i < sent.length; i++) {
        sent[i] = (byte) (i / 3);
      }
      for (int i = 0; i < sent.length; i += SMALL) {
        server.data(stream, Arrays.copyOfRange(sent, i, i + SMALL), false);
      }
      server.ping(1);
      server.next("PONG");
      assertThat(server.windowOf(stream)).isEqualTo(window - sent.length);

      write(socket, 0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 3, 0, 0);
      write(socket, 0, 0, 4, 8, 0, 0, 0, 0, 1, 0, 3, 0, 0);
      ByteBuffer come = ByteBuffer.allocate(sent.length);
      int frames = 0;
      while (come.hasRemaining()) {
        RawFrame frame = RawFrame.read(in);
        if (frame.type() == RawFrame.DATA) {
          frames++;
          come.put(frame.payload());
        }
      }
      assertThat(frames).isLessThan(SMALL_FRAMES / 50);
      assertThat(come.array()).isEqualTo(sent);
      // Given back when more than half is.
      await().until(() -> server.windowOf(stream) > window / 2);
    }
  }

  @Test
  void aRequestWithoutMethodIsNoCall() throws Exception {
    RawPeer client = attackedGateway.client();
    Http2Headers call = RawPeer.call(AttackedGateway.PATH);
    call.remove(":method");
    client.headers(3, call, true);
    RawPeer.Frame answer = client.next("RST_STREAM", "HEADERS", "GOAWAY");
    assertThat(answer.type()).isEqualTo("RST_STREAM");
    assertThat(answer.code()).isEqualTo(Http2Error.PROTOCOL_ERROR.code());
  }

  /** A client gives windows back, or sends PINGs, for as long as it reads. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSlowReaderGetsTheLastAnswerOfAGatewayThatCloses(boolean goesOn) throws Exception {
    try (Socket socket = new Socket()) {
      // So that it holds next to nothing of what isn't read.
      socket.setReceiveBufferSize(4_096);
      socket.connect(attackedGateway.gateway.address());
      greet(socket, 0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0x7f, 0xff, 0xff, 0xff);
      write(socket, 0, 0, 4, 8, 0, 0, 0, 0, 0, 0x40, 0, 0, 0);
      // POST http /, twice
      write(socket, 0, 0, 3, 1, 4, 0, 0, 0, 1, 0x83, 0x86, 0x84);
      write(socket, 0, 0, 3, 1, 4, 0, 0, 0, 3, 0x83, 0x86, 0x84);
      RawPeer server = upstream.accepted();
      int endless = server.next("HEADERS").stream();
      int last = server.next("HEADERS").stream();
      server.headers(endless, RawPeer.head(), false);
      server.data(endless, new byte[MORE_THAN_SOCKETS_HOLD], false);
      await().during(STANDSTILL).until(() -> server.windowOf(endless) == 0);
      server.headers(last, RawPeer.head().add("grpc-status", "0"), true);
      server.ping(1);
      server.next("PONG");

      var unusedDrain = attackedGateway.gateway.drain();
      socket.getOutputStream().write(LEAVES);
      assertThat(readToTheEnd(socket, goesOn ? WINDOW_UPDATE : NOTHING)).contains("1 3");
    }
  }

  /** The type and stream of all frames until the connection ends. */
  private static List<String> readToTheEnd(Socket socket, byte[] afterEach) throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    List<String> frames = new ArrayList<>();
    try {
      while (true) {
        RawFrame frame = RawFrame.read(in);
        frames.add(frame.type() + " " + frame.stream());
        socket.getOutputStream().write(afterEach);
      }
    } catch (EOFException e) {
      return frames;
    }
  }

  private static void greet(Socket socket, int... settings) throws IOException {
    socket.getOutputStream().write(RawFrame.PREFACE);
    write(socket, settings);
  }

  private static void write(Socket socket, int... bytes) throws IOException {
    byte[] all = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      all[i] = (byte) bytes[i];
    }
    socket.getOutputStream().write(all);
  }
}
