package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.core.Subscription;
import dev.holdfast.hooks.EndedStreamStatus;
import dev.holdfast.hooks.ProcessStreams;
import dev.holdfast.hooks.StreamStatus;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The streams of a process as an operator sees them, on both of their sides. */
class ProcessStreamsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final StreamTopology topology = new StreamTopology();
  private final List<EndedStreamStatus> ended = new CopyOnWriteArrayList<>();
  private final Subscription following = ProcessStreams.onEnded(ended::add);

  @AfterEach
  void close() throws Exception {
    following.close();
    topology.close();
  }

  @Test
  void bothSidesOfAStreamAreShownFromItsBeginToItsEnd() {
    ServerStreams streams = topology.closing(topology.serverStreams().build());
    ClientStreams clients = topology.closing(topology.clientStreams().build());
    Server server = topology.serve(streams.resumable(StreamTopology.talk(StreamTopology::echo)));
    RecordingObserver answers = new RecordingObserver();
    StreamObserver<StringValue> requests =
        StreamTopology.open(topology.channelTo(server.getPort(), clients), answers);
    requests.onNext(RecordingObserver.message("1"));
    answers.awaitCount(1);
    String id = streams.sessions().get(0).id();

    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> {
              assertThat(shown(id)).extracting(StreamStatus::server).contains(true, false);
              assertThat(shown(id))
                  .hasSize(2)
                  .allSatisfy(
                      stream -> {
                        assertThat(stream.method()).isEqualTo("test.Talk/Talk");
                        assertThat(stream.state()).isEqualTo("ATTACHED");
                        assertThat(stream.positions().acked()).isEqualTo(1);
                        assertThat(stream.times().unackedMillis()).isZero();
                      });
            });

    requests.onCompleted();
    assertThat(answers.awaitEnd()).isEqualTo(Status.OK);

    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(ended)
                    .filteredOn(stream -> stream.last().id().equals(id))
                    .hasSize(2)
                    .allMatch(stream -> stream.kind().equals("FINISHED") && !stream.lost()));
    await().atMost(LIMIT).until(() -> shown(id).isEmpty());
  }

  @Test
  void messageThatNobodyAcknowledgesIsShownWithItsAge() {
    ServerStreams streams = topology.closing(topology.serverStreams().build());
    ClientStreams clients = topology.closing(topology.clientStreams().build());
    Server server = topology.serve(streams.resumable(StreamTopology.talk(StreamTopology::echo)));
    RecordingObserver answers = new RecordingObserver();
    ManagedChannel channel = topology.channelTo(server.getPort(), clients);
    StreamObserver<StringValue> requests = StreamTopology.open(channel, answers);
    requests.onNext(RecordingObserver.message("1"));
    answers.awaitCount(1);
    String id = streams.sessions().get(0).id();
    server.shutdownNow();

    requests.onNext(RecordingObserver.message("2"));

    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(shown(id))
                    .filteredOn(stream -> !stream.server())
                    .singleElement()
                    .satisfies(
                        stream -> {
                          assertThat(stream.positions().sent()).isEqualTo(2);
                          assertThat(stream.times().unackedMillis()).isPositive();
                        }));
  }

  @Test
  void closedServerStreamsAreNotShownAnyMore() {
    ServerStreams streams = topology.serverStreams().build();
    ClientStreams clients = topology.closing(topology.clientStreams().build());
    Server server = topology.serve(streams.resumable(StreamTopology.talk(StreamTopology::echo)));
    RecordingObserver answers = new RecordingObserver();
    StreamTopology.open(topology.channelTo(server.getPort(), clients), answers)
        .onNext(RecordingObserver.message("1"));
    answers.awaitCount(1);
    String id = streams.sessions().get(0).id();

    streams.close();

    assertThat(shown(id)).noneMatch(StreamStatus::server);
  }

  private static List<StreamStatus> shown(String id) {
    return ProcessStreams.all().open().filter(stream -> stream.id().equals(id)).toList();
  }
}
