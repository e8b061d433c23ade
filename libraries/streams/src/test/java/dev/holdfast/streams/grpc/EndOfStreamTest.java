package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.grpc.internal.driver.SessionResources;
import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.AbstractList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How sessions end, and what both applications hear of it. */
class EndOfStreamTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Metadata.Key<String> TEXT =
      Metadata.Key.of("why", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<byte[]> BYTES =
      Metadata.Key.of("why-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private final StreamTopology topology = new StreamTopology();

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  @Test
  void statusOfTheHandlerArrivesWithItsTrailersEvenWhenTheConnectionWasCutMeanwhile() {
    Handlers handlers = new Handlers();
    Server server = topology.serve(topology.serverStreams().build().resumable(handlers.service()));
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel = topology.channelTo(relay.port(), topology.clientStreams().build());
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamTopology.open(channel, recordingObserver).onNext(RecordingObserver.message("hello"));
    handlers.awaitMessage();

    relay.stall();
    relay.cut();
    Metadata trailers = new Metadata();
    trailers.put(TEXT, "because");
    trailers.put(BYTES, new byte[] {0, 1, 2});
    handlers.answers().onError(Status.DATA_LOSS.withDescription("gone").asException(trailers));
    relay.heal();

    Status status = recordingObserver.awaitEnd();
    assertThat(status.getCode()).isEqualTo(Status.Code.DATA_LOSS);
    assertThat(status.getDescription()).isEqualTo("gone");
    Metadata heard = Status.trailersFromThrowable(recordingObserver.failure());
    assertThat(heard.get(TEXT)).isEqualTo("because");
    assertThat(heard.get(BYTES)).containsExactly(0, 1, 2);
    assertThat(recordingObserver.ends()).isOne();
  }

  @Test
  void cancelReachesTheHandler() {
    Handlers handlers = new Handlers();
    ServerStreams streams = topology.serverStreams().build();
    Server server = topology.serve(streams.resumable(handlers.service()));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());
    RecordingObserver recordingObserver = new RecordingObserver();
    ClientCallStreamObserver<StringValue> requests =
        StreamTopology.open(channel, recordingObserver);
    requests.onNext(RecordingObserver.message("hello"));
    handlers.awaitMessage();

    requests.cancel("enough", null);

    assertThat(recordingObserver.awaitEnd().getCode()).isEqualTo(Status.Code.CANCELLED);
    assertThat(handlers.awaitEnd()).contains("CANCELLED");
    await().atMost(PATIENCE).until(() -> streams.sessions().isEmpty());
  }

  @Test
  void messageTooLargeForTheServerIsNotRepeatedForEver() {
    ServerStreams streams = topology.serverStreams().build();
    Server server =
        topology.serve(
            builder ->
                builder
                    .maxInboundMessageSize(1_000)
                    .addService(streams.resumable(StreamTopology.talk(StreamTopology::echo))));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(channel, recordingObserver);
    requests.onNext(RecordingObserver.message("small"));
    recordingObserver.awaitCount(1);

    requests.onNext(RecordingObserver.message("x".repeat(2_000)));

    // grpc-java resets such a call without a word, so it takes three of them to know.
    assertThat(SessionEndedException.in(recordingObserver.awaitEnd().getCause()))
        .hasValueSatisfying(
            why -> assertThat(why.end().kind()).isEqualTo(SessionEnd.SessionEndKind.LOST_STUCK));
    assertThat(recordingObserver.ends()).isOne();
    assertThat(recordingObserver.awaitEnd().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(recordingObserver.awaitEnd().getDescription())
        .contains("message 2 of 2003 bytes", "too large");
    // It was told, and does not wait for the TTL.
    await().atMost(Duration.ofSeconds(60)).until(() -> streams.sessions().isEmpty());
  }

  @Test
  void messageTooLargeForTheClientEndsWithWhatTheTransportSays() {
    ServerStreams streams = topology.serverStreams().build();
    Server server =
        topology.serve(
            streams.resumable(
                StreamTopology.talk(
                    answers ->
                        new StreamObserver<>() {
                          @Override
                          public void onNext(StringValue message) {
                            answers.onNext(RecordingObserver.message("x".repeat(2_000)));
                          }

                          @Override
                          public void onError(Throwable failure) {
                            // The client has given up.
                          }

                          @Override
                          public void onCompleted() {
                            answers.onCompleted();
                          }
                        })));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamTopology.open(
            channel, CallOptions.DEFAULT.withMaxInboundMessageSize(1_000), recordingObserver)
        .onNext(RecordingObserver.message("small"));

    assertThat(recordingObserver.awaitEnd().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(SessionEndedException.in(recordingObserver.awaitEnd().getCause()))
        .hasValueSatisfying(
            why -> assertThat(why.end().kind()).isEqualTo(SessionEnd.SessionEndKind.LOST_REFUSED));
    await().atMost(Duration.ofSeconds(60)).until(() -> streams.sessions().isEmpty());
  }

  @Test
  void messageAboveTheCallsOwnLimitIsNeverSent() {
    Server server =
        topology.serve(
            topology.serverStreams().build().resumable(StreamTopology.talk(StreamTopology::echo)));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamTopology.open(
            channel, CallOptions.DEFAULT.withMaxOutboundMessageSize(1_000), recordingObserver)
        .onNext(RecordingObserver.message("x".repeat(2_000)));

    assertThat(recordingObserver.awaitEnd().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(recordingObserver.awaitEnd().getDescription())
        .isEqualTo("message: 2003 bytes (expected: <= 1000)");
  }

  @Test
  void aClientWhoseServerIsGoneHearsThatItWaits() throws Exception {
    ServerStreams streams = topology.serverStreams().build();
    Server server = topology.serve(streams.resumable(StreamTopology.talk(StreamTopology::echo)));
    TcpRelay relay = topology.relayTo(server);
    List<String> told = new CopyOnWriteArrayList<>();
    StreamEvents events =
        new StreamEvents() {
          @Override
          public void onWaiting(Duration left, String cause) {
            told.add("waiting " + (left.toSeconds() > 100) + " " + cause.isEmpty());
          }

          @Override
          public void onResumed() {
            told.add("resumed");
          }
        };
    ManagedChannel channel =
        topology.channelTo(relay.port(), topology.clientStreams().events(events).build());
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(channel, recordingObserver);
    requests.onNext(RecordingObserver.message("one"));
    recordingObserver.awaitCount(1);

    relay.refuseNew();
    relay.cut();
    await().atMost(Duration.ofSeconds(60)).until(() -> !told.isEmpty());
    relay.heal();
    requests.onNext(RecordingObserver.message("two"));
    recordingObserver.awaitCount(2);

    assertThat(told).containsExactly("waiting true false", "resumed");
  }

  @Test
  void handlerThatThrowsEndsTheStreamAsInGrpc() {
    Server server =
        topology.serve(
            topology
                .serverStreams()
                .build()
                .resumable(
                    StreamTopology.talk(
                        answers -> StreamTopology.recording(new FullList(), answers))));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());
    RecordingObserver recordingObserver = new RecordingObserver();

    StreamTopology.open(channel, recordingObserver).onNext(RecordingObserver.message("x"));

    assertThat(recordingObserver.awaitEnd().getCode()).isEqualTo(Status.Code.UNKNOWN);
  }

  private static final class FullList extends AbstractList<String> {
    @Override
    public String get(int index) {
      throw new IndexOutOfBoundsException(index);
    }

    @Override
    public int size() {
      return 0;
    }
  }

  @Test
  void deadConnectionCancelsNothing() {
    Handlers handlers = new Handlers();
    ServerStreams streams = topology.serverStreams().build();
    Server server = topology.serve(streams.resumable(handlers.service()));
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel = topology.channelTo(relay.port(), topology.clientStreams().build());
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamTopology.open(channel, recordingObserver).onNext(RecordingObserver.message("hello"));
    handlers.awaitMessage();

    relay.refuseNew();
    relay.cut();
    await()
        .atMost(PATIENCE)
        .until(() -> streams.sessions().stream().noneMatch(s -> s.state().isAttached()));

    assertThat(handlers.hasEnded()).isFalse();
    assertThat(handlers.context().isCancelled()).isFalse();
    relay.heal();
    handlers.answers().onCompleted();
    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
  }

  @Test
  void deadlineBelongsToTheSession() {
    Handlers handlers = new Handlers();
    Server server = topology.serve(topology.serverStreams().build().resumable(handlers.service()));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());
    RecordingObserver recordingObserver = new RecordingObserver();

    StreamTopology.open(
            channel, CallOptions.DEFAULT.withDeadlineAfter(6, TimeUnit.SECONDS), recordingObserver)
        .onNext(RecordingObserver.message("hello"));
    handlers.awaitMessage();
    assertThat(handlers.context().getDeadline()).isNotNull();

    assertThat(recordingObserver.awaitEnd().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    handlers.awaitEnd();
    assertThat(handlers.context().isCancelled()).isTrue();
  }

  @Test
  void clientThatDoesNotComeBackIsReportedOnceAndHearsThatItsSessionIsLost() {
    Handlers handlers = new Handlers();
    List<SessionView> gone = new CopyOnWriteArrayList<>();
    SessionOptions shortLived =
        StreamTopology.QUICK.withTiming(
            StreamTopology.QUICK.timing().withTtl(Duration.ofMillis(300)));
    Server server =
        topology.serve(
            topology
                .serverStreams()
                .options(shortLived)
                .onClientGone(gone::add)
                .build()
                .resumable(handlers.service()));
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel = topology.channelTo(relay.port(), topology.clientStreams().build());
    RecordingObserver recordingObserver = new RecordingObserver();
    Lost lost = new Lost();
    StreamTopology.open(
            channel, CallOptions.DEFAULT.withOption(StreamEvents.KEY, lost), recordingObserver)
        .onNext(RecordingObserver.message("hello"));
    handlers.awaitMessage();

    relay.refuseNew();
    relay.cut();
    handlers.awaitEnd();
    relay.heal();

    assertThat(recordingObserver.awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(lost.ends).singleElement().matches(end -> end.kind().isLost());
    await().atMost(PATIENCE).until(() -> gone.size() == 1);
    assertThat(gone.get(0).method()).isEqualTo("test.Talk/Talk");
  }

  @Test
  void serverThatStartedAgainKnowsNothingOfTheSessionAndTheClientHearsItOnce() {
    byte[] key = SessionResources.newKey();
    Server old =
        topology.serve(
            topology
                .serverStreams()
                .tokenKey(key)
                .build()
                .resumable(StreamTopology.talk(StreamTopology::echo)));
    Server young =
        topology.serve(
            topology
                .serverStreams()
                .tokenKey(key)
                .build()
                .resumable(StreamTopology.talk(StreamTopology::echo)));
    TcpRelay relay = topology.relayTo(old);
    ManagedChannel channel = topology.channelTo(relay.port(), topology.clientStreams().build());
    RecordingObserver recordingObserver = new RecordingObserver();
    Lost lost = new Lost();
    StreamTopology.open(
            channel, CallOptions.DEFAULT.withOption(StreamEvents.KEY, lost), recordingObserver)
        .onNext(RecordingObserver.message("hello"));
    recordingObserver.awaitCount(1);

    relay.retarget(new InetSocketAddress(InetAddress.getLoopbackAddress(), young.getPort()));
    relay.cut();

    Status status = recordingObserver.awaitEnd();
    assertThat(status.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(lost.ends)
        .singleElement()
        .matches(end -> end.kind() == SessionEnd.SessionEndKind.LOST_UNKNOWN);
    assertThat(SessionEndedException.in(status.getCause()))
        .hasValueSatisfying(why -> assertThat(why.isSessionLost()).isTrue());
  }

  @Test
  void serverThatDrainsTellsItsClientsWhatItHasProcessed() {
    ServerStreams streams = topology.serverStreams().build();
    Server server = topology.serve(streams.resumable(StreamTopology.talk(StreamTopology::echo)));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());
    RecordingObserver recordingObserver = new RecordingObserver();
    Lost events = new Lost();
    StreamObserver<StringValue> requests =
        StreamTopology.open(
            channel, CallOptions.DEFAULT.withOption(StreamEvents.KEY, events), recordingObserver);
    for (int i = 0; i < 5; i++) {
      requests.onNext(RecordingObserver.message("m" + i));
    }
    recordingObserver.awaitCount(5);
    // Its handler has said all five, and may still be on its way back from the last.
    await().atMost(PATIENCE).until(() -> streams.sessions().get(0).processed() == 5);

    streams.drain(Duration.ofSeconds(30));

    assertThat(recordingObserver.awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(events.moved).containsExactly(5L);
    assertThat(events.ends).isEmpty();
    await().atMost(PATIENCE).until(() -> streams.sessions().isEmpty());
  }

  private static final class Lost implements StreamEvents {
    private final List<SessionEnd> ends = new CopyOnWriteArrayList<>();
    private final List<Long> moved = new CopyOnWriteArrayList<>();

    @Override
    public void onLost(SessionEnd end) {
      ends.add(end);
    }

    @Override
    public void onMoved(long lastProcessed) {
      moved.add(lastProcessed);
    }
  }

  /** A handler that says nothing by itself. */
  private static final class Handlers {
    private final AtomicReference<@Nullable StreamObserver<StringValue>> answers =
        new AtomicReference<>();
    private final AtomicReference<@Nullable Context> context = new AtomicReference<>();
    private final List<String> heard = new CopyOnWriteArrayList<>();
    private final AtomicReference<@Nullable String> end = new AtomicReference<>();

    io.grpc.ServerServiceDefinition service() {
      return StreamTopology.talk(
          to -> {
            answers.set(to);
            context.set(Context.current());
            return new StreamObserver<>() {
              @Override
              public void onNext(StringValue message) {
                heard.add(message.getValue());
              }

              @Override
              public void onError(Throwable failure) {
                end.compareAndSet(null, failure.toString());
              }

              @Override
              public void onCompleted() {
                end.compareAndSet(null, "completed");
              }
            };
          });
    }

    void awaitMessage() {
      await().atMost(PATIENCE).until(() -> !heard.isEmpty());
    }

    String awaitEnd() {
      await().atMost(PATIENCE).until(() -> end.get() != null);
      return String.valueOf(end.get());
    }

    boolean hasEnded() {
      return end.get() != null;
    }

    StreamObserver<StringValue> answers() {
      return Objects.requireNonNull(answers.get());
    }

    Context context() {
      return Objects.requireNonNull(context.get());
    }
  }
}
