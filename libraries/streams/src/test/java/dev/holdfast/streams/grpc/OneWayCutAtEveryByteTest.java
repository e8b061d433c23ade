package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.lab.FlowEvent;
import dev.holdfast.lab.Middlebox;
import dev.holdfast.lab.PathFaults;
import dev.holdfast.lab.RelayDirection;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Streams in one direction whose first connection is cut after each number of bytes, so at each
 * point between the preface and the last acknowledgement. Every {@code holdfast.cut.step}-th of
 * them, 29 unless told.
 */
class OneWayCutAtEveryByteTest {
  private static final int STEP = Integer.getInteger("holdfast.cut.step", 29);
  private static final int MESSAGES = 20;
  private static final int MOST_BYTES = 6_000;

  private final StreamTopology topology = new StreamTopology();
  private final OneWayTopology.Served served = new OneWayTopology.Served();
  private final AtomicInteger cuts = new AtomicInteger();

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  @ParameterizedTest
  @EnumSource(RelayDirection.class)
  void serverStreamComesOnceAndInOrder(RelayDirection direction) {
    List<String> all = IntStream.range(0, MESSAGES).mapToObj(String::valueOf).toList();

    int calls = cutEverywhere(direction, channel -> OneWayTopology.count(channel, MESSAGES), all);

    assertThat(served.requests).hasSize(calls);
  }

  @ParameterizedTest
  @EnumSource(RelayDirection.class)
  void clientStreamComesOnceAndInOrder(RelayDirection direction) {
    int calls =
        cutEverywhere(
            direction,
            channel -> {
              RecordingObserver answer = new RecordingObserver();
              StreamObserver<StringValue> requests = OneWayTopology.collect(channel, answer);
              for (int i = 0; i < MESSAGES; i++) {
                requests.onNext(RecordingObserver.message(String.valueOf(i)));
              }
              requests.onCompleted();
              return answer;
            },
            List.of(String.valueOf(MESSAGES)));

    assertThat(served.collected).hasSize(calls * MESSAGES);
  }

  private int cutEverywhere(
      RelayDirection direction,
      Function<ManagedChannel, RecordingObserver> call,
      List<String> answers) {
    // The only instance goes on after a cut before its first answer too.
    AgedScheduler scheduler = new AgedScheduler();
    ServerStreams only = topology.serverStreams().onlyInstance().scheduler(scheduler).build();
    scheduler.age(Duration.ofHours(1));
    Server server = topology.serve(only.resumable(served.service()));
    Middlebox path =
        topology.closing(Middlebox.toPort(server.getPort()).events(event -> count(event)).start());
    ClientStreams clientStreams = topology.clientStreams().build();
    int calls = 0;
    boolean reached = true;
    for (int atByte = 0; reached && atByte < MOST_BYTES; atByte += STEP) {
      int before = cuts.get();
      path.faults(PathFaults.builder().cut(direction, atByte).build());
      ManagedChannel channel = topology.channelTo(path.port(), clientStreams);
      RecordingObserver observer = call.apply(channel);
      calls++;
      await()
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(1))
          .atMost(Duration.ofSeconds(60))
          .until(() -> cuts.get() > before || observer.ends() > 0);
      reached = cuts.get() > before;
      path.faults(PathFaults.NONE);
      await()
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(1))
          .atMost(Duration.ofSeconds(60))
          .until(
              () -> {
                channel.resetConnectBackoff();
                return observer.ends() > 0;
              });
      assertThat(observer.awaitEnd()).as("cut at byte %d", atByte).isEqualTo(Status.OK);
      assertThat(observer.heard()).as("cut at byte %d", atByte).isEqualTo(answers);
      channel.shutdownNow();
    }
    assertThat(calls).isGreaterThan(10);
    return calls;
  }

  private void count(FlowEvent event) {
    if (event.kind() == FlowEvent.FlowEventKind.CUT) {
      cuts.incrementAndGet();
    }
  }
}
