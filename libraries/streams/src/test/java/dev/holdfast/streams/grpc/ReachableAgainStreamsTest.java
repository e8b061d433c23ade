package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.streams.SessionOptions;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Streams whose delays are long, after an outage that is over. */
class ReachableAgainStreamsTest {
  private static final int STREAMS = 10;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Longer than the test: who waits for the delay is late. */
  private static final SessionOptions SLOW =
      SessionOptions.DEFAULT.withTiming(
          StreamTopology.timing(Duration.ofHours(9), Duration.ofHours(3), Duration.ofHours(3)));

  private final StreamTopology topology = new StreamTopology();

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  @Test
  void allStreamsOfAChannelGoOnWhenTheServerHasWelcomedOne() throws Exception {
    Server server =
        topology.serve(
            topology.serverStreams().build().resumable(StreamTopology.talk(StreamTopology::echo)));
    AtomicInteger waiting = new AtomicInteger();
    StreamEvents events =
        new StreamEvents() {
          @Override
          public void onWaiting(Duration left, String cause) {
            waiting.incrementAndGet();
          }
        };
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel =
        topology.channelTo(
            relay.port(), topology.clientStreams().options(SLOW).events(events).build());
    List<RecordingObserver> answers = new ArrayList<>();
    List<StreamObserver<StringValue>> requests = new ArrayList<>();
    for (int i = 0; i < STREAMS; i++) {
      answers.add(new RecordingObserver());
      requests.add(StreamTopology.open(channel, answers.get(i)));
      requests.get(i).onNext(RecordingObserver.message("one"));
      answers.get(i).awaitCount(1);
    }

    relay.refuseNew();
    relay.cut();
    await().atMost(PATIENCE).until(() -> waiting.get() == STREAMS);
    for (StreamObserver<StringValue> each : requests) {
      each.onNext(RecordingObserver.message("two"));
    }
    relay.heal();
    RecordingObserver another = new RecordingObserver();
    StreamTopology.open(channel, CallOptions.DEFAULT.withWaitForReady(), another)
        .onNext(RecordingObserver.message("of another"));

    another.awaitCount(1);
    for (RecordingObserver each : answers) {
      each.awaitCount(2);
      assertThat(each.heard()).containsExactly("one", "two");
    }
  }
}
