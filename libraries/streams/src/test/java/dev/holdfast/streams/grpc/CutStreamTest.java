package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.lab.RelayConnection;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.streams.SessionOptions;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Connections that end under streams that don't. */
class CutStreamTest {
  private final StreamTopology topology = new StreamTopology();

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  @Test
  void tenThousandMessagesBothWaysComeOnceAndInOrderThroughCuts() {
    int messages = 10_000;
    List<String> served = new CopyOnWriteArrayList<>();
    List<String> texts = IntStream.range(0, messages).mapToObj(i -> "m" + i).toList();
    Server server =
        topology.serve(
            topology
                .serverStreams()
                .build()
                .resumable(
                    StreamTopology.talk(answers -> StreamTopology.recording(served, answers))));
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel = topology.channelTo(relay.port(), topology.clientStreams().build());

    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(channel, recordingObserver);
    for (int i = 0; i < messages; i++) {
      requests.onNext(RecordingObserver.message(texts.get(i)));
      if (i % 2_000 == 1_000) {
        recordingObserver.awaitCount(i - 900);
        relay.cut();
      }
    }
    requests.onCompleted();

    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(recordingObserver.ends()).isOne();
    assertThat(served).isEqualTo(texts);
    assertThat(recordingObserver.heard()).isEqualTo(texts);
    assertThat(relay.acceptedCount()).isGreaterThanOrEqualTo(5);
  }

  @Test
  void manyStreamsOfOneChannelSurviveCutsTogether() {
    int streamCount = 20;
    int messages = 200;
    ServerStreams streams = topology.serverStreams().build();
    Server server = topology.serve(streams.resumable(StreamTopology.talk(StreamTopology::echo)));
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel = topology.channelTo(relay.port(), topology.clientStreams().build());
    List<RecordingObserver> recordingObservers = new ArrayList<>();
    List<StreamObserver<StringValue>> requests = new ArrayList<>();
    for (int i = 0; i < streamCount; i++) {
      recordingObservers.add(new RecordingObserver());
      requests.add(StreamTopology.open(channel, recordingObservers.get(i)));
    }
    List<String> texts = IntStream.range(0, messages).mapToObj(i -> "m" + i).toList();
    for (int i = 0; i < messages; i++) {
      for (StreamObserver<StringValue> stream : requests) {
        stream.onNext(RecordingObserver.message(texts.get(i)));
      }
      if (i % 80 == 40) {
        // Each has its token by then, and goes on whatever happens.
        int heard = i / 2;
        recordingObservers.forEach(recordingObserver -> recordingObserver.awaitCount(heard));
        relay.cut();
      }
    }
    requests.forEach(StreamObserver::onCompleted);

    for (RecordingObserver recordingObserver : recordingObservers) {
      assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
      assertThat(recordingObserver.heard()).isEqualTo(texts);
      assertThat(recordingObserver.ends()).isOne();
    }
    // The last acknowledgement, too, whenever the application was done with its messages.
    await().atMost(Duration.ofSeconds(60)).until(() -> streams.sessions().isEmpty());
  }

  @Test
  void serverThatEndsConnectionsByAgeEndsNoStream() {
    ServerStreams streams = topology.serverStreams().build();
    Server server =
        topology.serve(
            builder ->
                builder
                    .maxConnectionAge(1, TimeUnit.SECONDS)
                    .maxConnectionAgeGrace(50, TimeUnit.MILLISECONDS)
                    .addService(streams.resumable(StreamTopology.talk(StreamTopology::echo))));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(channel, recordingObserver);

    requests.onNext(RecordingObserver.message("before"));
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> streams.sessions().stream().anyMatch(session -> session.attempts() >= 2));
    requests.onNext(RecordingObserver.message("after"));
    requests.onCompleted();

    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(recordingObserver.heard()).containsExactly("before", "after");
  }

  @Test
  void serverThatStopsHandsItsConnectionsToAnotherAndNoMessageIsLost() throws Exception {
    ServerStreams streams = topology.serverStreams().build();
    Server old = topology.serve(streams.resumable(StreamTopology.talk(StreamTopology::echo)));
    Server young = topology.serve(streams.resumable(StreamTopology.talk(StreamTopology::echo)));
    TcpRelay relay = topology.relayTo(old);
    ManagedChannel channel = topology.channelTo(relay.port(), topology.clientStreams().build());
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(channel, recordingObserver);
    requests.onNext(RecordingObserver.message("1"));
    recordingObserver.awaitCount(1);

    relay.retarget(new InetSocketAddress(InetAddress.getLoopbackAddress(), young.getPort()));
    // GOAWAY first, as a server that drains sends it; then its end.
    old.shutdown();
    requests.onNext(RecordingObserver.message("2"));
    recordingObserver.awaitCount(2);
    StreamTopology.stop(old);
    requests.onNext(RecordingObserver.message("3"));
    requests.onCompleted();

    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(recordingObserver.heard()).containsExactly("1", "2", "3");
  }

  @Test
  void pathThatFallsSilentIsNoticedByHeartbeatsAndReplaced() {
    SessionOptions beating =
        StreamTopology.QUICK.withTiming(
            StreamTopology.QUICK
                .timing()
                .withHeartbeat(
                    Duration.ofMillis(100), Duration.ofSeconds(1), Duration.ofSeconds(3)));
    ServerStreams streams = topology.serverStreams().options(beating).build();
    Server server = topology.serve(streams.resumable(StreamTopology.talk(StreamTopology::echo)));
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel =
        topology.channelTo(relay.port(), topology.clientStreams().options(beating).build());
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(channel, recordingObserver);
    requests.onNext(RecordingObserver.message("1"));
    recordingObserver.awaitCount(1);

    relay.connections().forEach(RelayConnection::stall);
    // The next call gets a connection of its own, as one of Holdfast's channels sees to itself.
    channel.enterIdle();
    requests.onNext(RecordingObserver.message("2"));
    requests.onCompleted();

    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(recordingObserver.heard()).containsExactly("1", "2");
    assertThat(relay.acceptedCount()).isGreaterThanOrEqualTo(2);
  }
}
