package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.StringValue;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Streams that go on at an instance that joins, or that has less to do, between real servers. */
class StreamRebalanceTest {
  private final MovingFleet fleet = new MovingFleet();

  @AfterEach
  void close() throws Exception {
    fleet.close();
  }

  @Test
  void instanceThatJoinsGetsItsShareOfTheStreams() throws Exception {
    fleet.serve("a", ServerStreams.Builder::rebalance);
    aNewInstanceGetsItsShare(() -> fleet.serve("b", ServerStreams.Builder::rebalance));
  }

  /** An instance that starts. */
  private interface Start {
    void run() throws Exception;
  }

  private void aNewInstanceGetsItsShare(Start join) throws Exception {
    ManagedChannel channel = fleet.channel();
    List<RecordingObserver> all = new ArrayList<>();
    List<StreamObserver<StringValue>> requests = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      RecordingObserver answers = new RecordingObserver();
      requests.add(StreamTopology.open(channel, answers));
      all.add(answers);
    }
    int sent = MovingFleet.talk(requests, all, 0);
    // They have been here for as long as streams stay.
    fleet.aged.age(StreamMoves.LEAST_STAY);

    join.run();
    sent =
        MovingFleet.talkUntil(
            requests, all, sent, () -> fleet.attached("b") >= 19 && fleet.attached("a") <= 21);
    requests.forEach(StreamObserver::onCompleted);

    for (RecordingObserver answers : all) {
      assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
      assertThat(MovingFleet.numbers(answers)).isEqualTo(IntStream.range(0, sent).boxed().toList());
    }
    assertThat(fleet.moved("rebalance")).isBetween(18.0, 24.0);
  }

  @Test
  void overloadedInstanceGivesStreamsAway() throws Exception {
    AtomicBoolean overloaded = new AtomicBoolean();
    fleet.serve("a", durable -> durable.rebalance(overloaded::get));
    ManagedChannel channel = fleet.channel();
    List<RecordingObserver> all = new ArrayList<>();
    List<StreamObserver<StringValue>> requests = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      RecordingObserver answers = new RecordingObserver();
      requests.add(StreamTopology.open(channel, answers));
      all.add(answers);
    }
    int sent = MovingFleet.talk(requests, all, 0);
    fleet.aged.age(StreamMoves.LEAST_STAY);
    overloaded.set(true);
    // Later than the streams: of two instances the other one might have them all.
    fleet.serve("b", ServerStreams.Builder::rebalance);
    sent = MovingFleet.talkUntil(requests, all, sent, () -> fleet.moved("overload") >= 1);
    for (RecordingObserver answers : all) {
      assertThat(MovingFleet.numbers(answers)).isEqualTo(IntStream.range(0, sent).boxed().toList());
    }
  }

  @Test
  void streamsWithCursorsMoveToAnInstanceThatJoins() throws Exception {
    fleet.serveCursors("a", ServerStreams.Builder::rebalance);
    aNewInstanceGetsItsShare(() -> fleet.serveCursors("b", ServerStreams.Builder::rebalance));
  }
}
