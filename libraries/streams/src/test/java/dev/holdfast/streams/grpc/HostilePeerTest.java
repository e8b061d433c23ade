package dev.holdfast.streams.grpc;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.streams.grpc.internal.driver.SessionResources;
import dev.holdfast.streams.grpc.internal.message.HandshakeMetadata;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.HandshakeRefusal;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.SessionToken;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Peers that send what they should not. */
class HostilePeerTest {
  private static final Metadata.Key<String> USER =
      Metadata.Key.of("user", Metadata.ASCII_STRING_MARSHALLER);

  private final StreamTopology topology = new StreamTopology();

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  /** How a raw call ended. */
  private record End(Status status, Metadata trailers) {}

  @Test
  void stolenSessionIdIsOfNoUseToAnotherPrincipal() throws Exception {
    ServerStreams streams =
        topology
            .serverStreams()
            .principal((attributes, headers) -> String.valueOf(headers.get(USER)))
            .build();
    Server server = topology.serve(streams.resumable(StreamTopology.talk(StreamTopology::echo)));
    ManagedChannel alices =
        topology.channelTo(
            server.getPort(),
            MetadataUtils.newAttachHeadersInterceptor(user("alice")),
            topology.clientStreams().build());
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(alices, recordingObserver);
    requests.onNext(RecordingObserver.message("1"));
    recordingObserver.awaitCount(1);
    SessionView session = streams.sessions().get(0);
    assertThat(session.principal()).isEqualTo("alice");

    ManagedChannel mallorys = topology.channelTo(server.getPort());
    Metadata headers = user("mallory");
    headers.put(HandshakeMetadata.KEY, hello(session.id(), 99).toByteArray());
    End end = call(mallorys, headers, new byte[0]).get(30, SECONDS);

    assertThat(end.status().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
    assertThat(HandshakeRefusal.parse(end.trailers().get(HandshakeMetadata.KEY)).code())
        .isEqualTo(HandshakeRefusal.RefusalCode.DENIED);
    requests.onNext(RecordingObserver.message("2"));
    requests.onCompleted();
    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(recordingObserver.heard()).containsExactly("1", "2");
  }

  @Test
  void sessionIdAloneIsOfNoUseEvenWhereNobodyHasAName() throws Exception {
    ServerStreams streams = topology.serverStreams().build();
    Server server = topology.serve(streams.resumable(StreamTopology.talk(StreamTopology::echo)));
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests =
        StreamTopology.open(
            topology.channelTo(server.getPort(), topology.clientStreams().build()),
            recordingObserver);
    requests.onNext(RecordingObserver.message("1"));
    recordingObserver.awaitCount(1);
    await().until(() -> streams.sessions().get(0).acked() == 1);

    Metadata headers = new Metadata();
    headers.put(HandshakeMetadata.KEY, hello(streams.sessions().get(0).id(), 99).toByteArray());
    End end = call(topology.channelTo(server.getPort()), headers, new byte[0]).get(30, SECONDS);

    assertThat(end.status().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
    requests.onNext(RecordingObserver.message("2"));
    requests.onCompleted();
    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(recordingObserver.heard()).containsExactly("1", "2");
  }

  @Test
  void onePrincipalMayHaveSoManySessionsAndNoMore() throws Exception {
    ServerStreams streams =
        topology
            .serverStreams()
            .principal((attributes, headers) -> String.valueOf(headers.get(USER)))
            .maxSessionsPerPrincipal(1)
            .build();
    Server server = topology.serve(streams.resumable(StreamTopology.talk(StreamTopology::echo)));
    ManagedChannel channel = topology.channelTo(server.getPort());

    Metadata alices = user("alice");
    alices.put(HandshakeMetadata.KEY, hello(SessionResources.newId().toString(), 1).toByteArray());
    var unused = call(channel, alices, new byte[0]);
    await().until(() -> streams.sessions().size() == 1);
    Metadata alicesSecond = user("alice");
    alicesSecond.put(
        HandshakeMetadata.KEY, hello(SessionResources.newId().toString(), 1).toByteArray());
    End end = call(channel, alicesSecond, new byte[0]).get(30, SECONDS);
    Metadata bobs = user("bob");
    bobs.put(HandshakeMetadata.KEY, hello(SessionResources.newId().toString(), 1).toByteArray());
    unused = call(channel, bobs, new byte[0]);

    assertThat(HandshakeRefusal.parse(end.trailers().get(HandshakeMetadata.KEY)).code())
        .isEqualTo(HandshakeRefusal.RefusalCode.BUSY);
    await().until(() -> streams.sessions().size() == 2);
    assertThat(streams.sessions())
        .extracting(SessionView::principal)
        .containsExactlyInAnyOrder("alice", "bob");
  }

  @Test
  void nonsenseInTheHandshakeIsRefusedAndLeavesNothing() throws Exception {
    ServerStreams streams = topology.serverStreams().build();
    Server server =
        topology.serve(
            streams.resumable(
                StreamTopology.talk(
                    answers -> {
                      throw new AssertionError("the handler is not to hear of it");
                    })));
    ManagedChannel channel = topology.channelTo(server.getPort());
    Random random = new Random(4);
    for (int length : new int[] {0, 1, 16, 200, 1_024, 1_025, 3_000}) {
      byte[] nonsense = new byte[length];
      random.nextBytes(nonsense);
      Metadata headers = new Metadata();
      headers.put(HandshakeMetadata.KEY, nonsense);

      End end = call(channel, headers, new byte[0]).get(30, SECONDS);

      assertThat(end.status().getCode())
          .as("%d bytes", length)
          .isEqualTo(Status.Code.INVALID_ARGUMENT);
      assertThat(end.status().getDescription()).contains("holdfast-stream-bin");
    }
    assertThat(streams.sessions()).isEmpty();
  }

  @Test
  void twoHellosInOneCallAreRefused() throws Exception {
    ServerStreams streams = topology.serverStreams().build();
    Server server = topology.serve(streams.resumable(StreamTopology.talk(StreamTopology::echo)));
    Metadata headers = new Metadata();
    headers.put(HandshakeMetadata.KEY, hello(SessionResources.newId().toString(), 1).toByteArray());
    headers.put(HandshakeMetadata.KEY, hello(SessionResources.newId().toString(), 1).toByteArray());

    End end = call(topology.channelTo(server.getPort()), headers, new byte[0]).get(30, SECONDS);

    assertThat(end.status().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(end.status().getDescription()).contains("several values (expected: 1)");
    assertThat(streams.sessions()).isEmpty();
  }

  @Test
  void nonsenseInFrontOfAMessageEndsTheCallWithAClearStatus() throws Exception {
    ServerStreams streams = topology.serverStreams().build();
    Server server = topology.serve(streams.resumable(StreamTopology.talk(StreamTopology::echo)));
    ManagedChannel channel = topology.channelTo(server.getPort());
    Metadata headers = new Metadata();
    headers.put(HandshakeMetadata.KEY, hello("0123456789abcdef0123456789abcdef", 1).toByteArray());
    byte[] frame = FrameHeader.control(1, 0, 0, 0).toByteArray();
    // A length that goes beyond the message.
    frame[5] = 79;

    End end = call(channel, headers, frame).get(30, SECONDS);

    assertThat(end.status().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(end.status().getDescription()).contains("stream frame");
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> streams.sessions().stream().noneMatch(s -> s.state().isAttached()));
  }

  private static Hello hello(String id, long attach) {
    SessionId session =
        new SessionId(
            HexFormat.fromHexDigitsToLong(id.substring(0, 16)),
            HexFormat.fromHexDigitsToLong(id.substring(16)));
    return new Hello(session, attach, 1, 0, 1, 100, 0, true, SessionToken.NONE);
  }

  private static Metadata user(String name) {
    Metadata headers = new Metadata();
    headers.put(USER, name);
    return headers;
  }

  private static CompletableFuture<End> call(
      ManagedChannel channel, Metadata headers, byte[] message) {
    MethodDescriptor<byte[], byte[]> method =
        StreamTopology.TALK.toBuilder(new Bytes(), new Bytes()).build();
    ClientCall<byte[], byte[]> call = channel.newCall(method, CallOptions.DEFAULT);
    CompletableFuture<End> end = new CompletableFuture<>();
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(Status status, Metadata trailers) {
            end.complete(new End(status, trailers));
          }
        },
        headers);
    call.request(10);
    call.sendMessage(message);
    return end;
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
