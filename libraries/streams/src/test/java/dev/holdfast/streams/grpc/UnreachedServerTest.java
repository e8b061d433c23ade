package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.streams.SessionEnd;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Streams whose first call ended before any answer, by what HTTP/2 says of it: whether a server can
 * have got its messages decides whether another one may.
 */
class UnreachedServerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Netty's clients begin with it. */
  private static final int FIRST_STREAM = 3;

  private static final int CANCEL = 8;
  private static final int REFUSED_STREAM = 7;

  private final StreamTopology topology = new StreamTopology();
  private final ClientStreams client = topology.clientStreams().build();
  private final RecordingObserver recordingObserver = new RecordingObserver();

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  @Test
  void aGoawayBelowTheStreamProvesThatNoServerGotItAndAnotherOneDoes() throws Exception {
    StreamObserver<StringValue> requests = cutBy(goAway(0));
    goesOn(requests);
  }

  @Test
  void aRefusedStreamProvesItToo() throws Exception {
    StreamObserver<StringValue> requests = cutBy(Hop.both(reset(REFUSED_STREAM), goAway(0)));
    goesOn(requests);
  }

  @Test
  void aGoawayThatIncludesTheStreamProvesNothing() throws Exception {
    var unused = cutBy(goAway(FIRST_STREAM));
    isLost();
  }

  @Test
  void aStreamThatWasResetForAnotherReasonMayHaveBeenServed() throws Exception {
    var unused = cutBy(Hop.both(reset(CANCEL), goAway(FIRST_STREAM)));
    isLost();
  }

  /** The first call is at the hop, with its message, when that says its last words. */
  private StreamObserver<StringValue> cutBy(byte[] lastWords) throws Exception {
    Server server =
        topology.serve(
            topology.serverStreams().build().resumable(StreamTopology.talk(StreamTopology::echo)));
    Hop hop = topology.closing(new Hop());
    TcpRelay relay = topology.closing(TcpRelay.toPort(hop.port()));
    StreamObserver<StringValue> requests =
        StreamTopology.open(topology.channelTo(relay.port(), client), recordingObserver);
    requests.onNext(RecordingObserver.message("1"));
    hop.awaitMessage();

    relay.refuseNew();
    hop.say(lastWords);
    await()
        .atMost(PATIENCE)
        .until(
            () -> client.sessions().stream().anyMatch(session -> !session.lastCause().isEmpty()));
    relay.retarget(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getPort()));
    relay.heal();
    return requests;
  }

  private void goesOn(StreamObserver<StringValue> requests) {
    requests.onNext(RecordingObserver.message("2"));
    requests.onCompleted();
    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(recordingObserver.heard()).containsExactly("1", "2");
  }

  private void isLost() {
    assertThat(SessionEndedException.in(recordingObserver.awaitEnd().getCause()))
        .hasValueSatisfying(
            why -> assertThat(why.end().kind()).isEqualTo(SessionEnd.SessionEndKind.LOST_UNKNOWN));
    assertThat(recordingObserver.heard()).isEmpty();
  }

  private static byte[] reset(int code) {
    return Hop.frame(Hop.RST_STREAM, FIRST_STREAM, ByteBuffer.allocate(4).putInt(code).array());
  }

  private static byte[] goAway(int lastStream) {
    return Hop.frame(Hop.GOAWAY, 0, ByteBuffer.allocate(8).putInt(lastStream).putInt(0).array());
  }

  /** One connection of HTTP/2 that answers nothing, until it says its last words. */
  private static final class Hop implements AutoCloseable {
    static final int DATA = 0;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int GOAWAY = 7;
    private static final int ACK = 1;
    private static final int PREFACE_BYTES = 24;
    private static final int MAX_FRAMES = 1_000;

    private final ServerSocket door = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    private final CompletableFuture<Socket> messageCame = new CompletableFuture<>();

    Hop() throws IOException {
      Thread thread = new Thread(this::serve, "hop");
      thread.setDaemon(true);
      thread.start();
    }

    int port() {
      return door.getLocalPort();
    }

    void awaitMessage() throws Exception {
      messageCame.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    void say(byte[] lastWords) throws Exception {
      Socket socket = messageCame.get();
      socket.getOutputStream().write(lastWords);
      socket.shutdownOutput();
    }

    private void serve() {
      try (Socket socket = door.accept()) {
        OutputStream out = socket.getOutputStream();
        out.write(frame(SETTINGS, 0));
        DataInputStream in = new DataInputStream(socket.getInputStream());
        in.skipNBytes(PREFACE_BYTES);
        for (int i = 0; i < MAX_FRAMES; i++) {
          int length = in.readUnsignedShort() << 8 | in.readUnsignedByte();
          int type = in.readUnsignedByte();
          int flags = in.readUnsignedByte();
          int stream = in.readInt();
          in.skipNBytes(length);
          if (type == SETTINGS && flags != ACK) {
            byte[] answer = frame(SETTINGS, 0);
            answer[4] = ACK;
            out.write(answer);
          } else if (type == DATA && stream == FIRST_STREAM) {
            messageCame.complete(socket);
          }
        }
      } catch (IOException e) {
        // The client hung up, as it should in the end.
        messageCame.completeExceptionally(e);
      }
    }

    static byte[] frame(int type, int stream, byte... body) {
      return ByteBuffer.allocate(9 + body.length)
          .putShort((short) 0)
          .put((byte) body.length)
          .put((byte) type)
          .put((byte) 0)
          .putInt(stream)
          .put(body)
          .array();
    }

    /** In one segment, so that they are read at once. */
    static byte[] both(byte[] one, byte[] other) {
      return ByteBuffer.allocate(one.length + other.length).put(one).put(other).array();
    }

    @Override
    public void close() {
      try {
        door.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
