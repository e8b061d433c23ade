package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.streams.SessionOptions;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Streams through a proxy that passes a response on when it is complete, and not before. */
class ResponseBufferingHopTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final StreamTopology topology = new StreamTopology();
  private final OneWayTopology.Served served = new OneWayTopology.Served();

  private final ServerStreams streams =
      topology.serverStreams().options(SessionOptions.DEFAULT).build();

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  @Test
  void shortServerStreamsComeWhetherTheServerIsKnownOrNot() {
    ManagedChannel channel =
        channelThroughHopTo(topology.serve(streams.resumable(served.service())));

    for (int i = 0; i < 3; i++) {
      RecordingObserver answers = OneWayTopology.count(channel, 3);

      assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
      assertThat(answers.heard()).isEqualTo(texts(3));
    }
    assertThat(served.requests).containsExactly("3", "3", "3");
    await().atMost(PATIENCE).until(() -> streams.sessions().isEmpty());
  }

  @Test
  void serverStreamLongerThanItsCreditComesOnceAndInOrder() {
    ManagedChannel channel =
        channelThroughHopTo(topology.serve(streams.resumable(served.service())));

    RecordingObserver answers = OneWayTopology.count(channel, 1_000);

    assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
    assertThat(answers.heard()).isEqualTo(texts(1_000));
    assertThat(served.requests).containsExactly("1000");
    await().atMost(PATIENCE).until(() -> streams.sessions().isEmpty());
  }

  /** Through such a proxy plain gRPC shows none of them, as the response is never complete. */
  @Test
  void messagesOfAServerStreamWithoutAnEndCome() {
    List<ServerCallStreamObserver<StringValue>> subscribed = new CopyOnWriteArrayList<>();
    Server server =
        topology.serve(
            streams.resumable(
                OneWayTopology.service(
                    (request, answers) ->
                        subscribed.add((ServerCallStreamObserver<StringValue>) answers),
                    served::collect)));
    RecordingObserver answers = OneWayTopology.count(channelThroughHopTo(server), 0);
    await().atMost(PATIENCE).until(() -> subscribed.size() == 1);

    for (int i = 0; i < 4; i++) {
      subscribed.get(0).onNext(RecordingObserver.message(String.valueOf(i)));
      answers.awaitCount(i + 1);
    }
    subscribed.get(0).onCompleted();

    assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
    assertThat(answers.heard()).isEqualTo(texts(4));
    assertThat(subscribed).hasSize(1);
    await().atMost(PATIENCE).until(() -> streams.sessions().isEmpty());
  }

  @Test
  void clientStreamGetsItsOneResponse() {
    ManagedChannel channel =
        channelThroughHopTo(topology.serve(streams.resumable(served.service())));

    for (int i = 0; i < 2; i++) {
      RecordingObserver answer = new RecordingObserver();
      ClientCallStreamObserver<StringValue> requests = OneWayTopology.collect(channel, answer);
      for (int message = 0; message < 10; message++) {
        requests.onNext(RecordingObserver.message(String.valueOf(message)));
      }
      requests.onCompleted();

      assertThat(answer.awaitEnd()).isEqualTo(Status.OK);
      assertThat(answer.heard()).containsExactly("10");
    }
    await().atMost(PATIENCE).until(() -> streams.sessions().isEmpty());
  }

  /** No more responses than the first credit, behind the half-close of the client. */
  @Test
  void bidirectionalCallThatHalfClosesGetsItsResponses() {
    Server server =
        topology.serve(
            streams.resumable(
                StreamTopology.talk(
                    answers -> StreamTopology.recording(served.collected, answers))));

    RecordingObserver answers = new RecordingObserver();
    ClientCallStreamObserver<StringValue> requests =
        StreamTopology.open(channelThroughHopTo(server), answers);
    for (int i = 0; i < 10; i++) {
      requests.onNext(RecordingObserver.message(String.valueOf(i)));
    }
    requests.onCompleted();

    assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
    assertThat(answers.heard()).isEqualTo(texts(10));
    await().atMost(PATIENCE).until(() -> streams.sessions().isEmpty());
  }

  private ManagedChannel channelThroughHopTo(Server server) {
    ManagedChannel onwards = topology.channelTo(server.getPort());
    Server hop =
        topology.serve(
            builder ->
                builder.fallbackHandlerRegistry(
                    new BufferingHop(onwards, BufferingHop.Buffered.RESPONSE)));
    return topology.channelTo(
        hop.getPort(), topology.clientStreams().options(SessionOptions.DEFAULT).build());
  }

  private static List<String> texts(int count) {
    return IntStream.range(0, count).mapToObj(String::valueOf).toList();
  }
}
